from __future__ import annotations

import pytest

from moderation.decisions import DecisionKind
from moderation.errors import UnfitKnownItem
from moderation.known_items import KnownAnswer, KnownItem, accuracy_of, check_fit
from moderation.verdict import Action
from tests.builders import NOON

RIGHT, WRONG = DecisionKind.UPHOLD, DecisionKind.OVERTURN


def an_answer(moderator: str, answered: DecisionKind) -> KnownAnswer:
    item = KnownItem(
        upload_id="u1",
        tenant="acme",
        verdict_id="v1",
        action=Action.REVIEW,
        expected=RIGHT,
        marked_by="lea",
        marked_at=NOON,
    )
    return KnownAnswer(moderator=moderator, item=item, answered=answered, made_at=NOON)


def test_right_answers_are_counted_by_moderator_and_passing_on_is_no_answer() -> None:
    given = [
        an_answer("bob", WRONG),
        an_answer("ann", RIGHT),
        an_answer("ann", WRONG),
        an_answer("ann", DecisionKind.ESCALATE),
        an_answer("cid", DecisionKind.NEED_SECOND_OPINION),
    ]

    counted = [
        (one.moderator, one.right.count, one.right.of, one.passed_on) for one in accuracy_of(given)
    ]

    assert counted == [("ann", 1, 2, 1), ("bob", 0, 1, 0), ("cid", 0, 0, 1)]


@pytest.mark.parametrize("action", [one for one in Action if one is not Action.REVIEW])
def test_what_nobody_is_asked_about_would_stand_out(action: Action) -> None:
    with pytest.raises(UnfitKnownItem):
        check_fit(action)
    check_fit(Action.REVIEW)
