from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from moderation.lineage import ModelIdentity
from moderation.shadow import Comparison, Opinion, ShadowOutcome, ShadowScore, Tally, compare
from moderation.verdict import Action, Label

SERVING = ModelIdentity(name="faces", version="1", sha256="cd" * 32)
SHADOW = ModelIdentity(name="faces", version="2", sha256="ef" * 32)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SAID = Opinion(label=Label.CLEAR, action=Action.PUBLISH, fake_probability=0.1, seconds=1.0)
PUBLISHED, REVIEWED = (Action.PUBLISH, Action.PUBLISH), (Action.PUBLISH, Action.REVIEW)


def a_tally(first: Label, second: Label, uploads: int, **changes: object) -> Tally:
    tally = Tally(
        serving=SERVING,
        shadow=SHADOW,
        outcome=ShadowOutcome.SCORED,
        labels=(first, second),
        actions=PUBLISHED,
        uploads=uploads,
    )
    return replace(tally, **changes)


def lost(outcome: ShadowOutcome, uploads: int) -> Tally:
    return a_tally(Label.CLEAR, Label.CLEAR, uploads, outcome=outcome, labels=None, actions=None)


def only(*tallies: Tally) -> Comparison:
    (comparison,) = compare(tallies)
    return comparison


def test_a_flip_is_another_label_and_its_share_has_an_interval() -> None:
    found = only(
        a_tally(Label.CLEAR, Label.CLEAR, 90),
        a_tally(Label.CLEAR, Label.FAKE, 7),
        a_tally(Label.FAKE, Label.CLEAR, 3),
    )
    assert (found.flips.count, found.flips.of, found.flips.share) == (10, 100, 0.1)
    # Wilson's interval of 10 of 100
    assert found.flips.low == pytest.approx(0.0552, abs=1e-4)
    assert found.flips.high == pytest.approx(0.1744, abs=1e-4)


def test_changes_tell_from_what_to_what_the_most_frequent_first() -> None:
    found = only(
        a_tally(Label.CLEAR, Label.SUSPECT, 2),
        a_tally(Label.FAKE, Label.CLEAR, 3),
        a_tally(Label.CLEAR, Label.SUSPECT, 2, actions=REVIEWED),
        a_tally(Label.UNKNOWN, Label.UNKNOWN, 9),
    )
    assert list(found.changes.items()) == [
        ((Label.CLEAR, Label.SUSPECT), 4),
        ((Label.FAKE, Label.CLEAR), 3),
    ]


def test_another_label_need_not_be_another_action() -> None:
    found = only(
        a_tally(Label.CLEAR, Label.SUSPECT, 3, actions=REVIEWED),
        a_tally(Label.FAKE, Label.SUSPECT, 1, actions=(Action.REVIEW, Action.REVIEW)),
    )
    assert (found.flips.count, found.actions.count, found.actions.of) == (4, 3, 4)


def test_agreement_is_beyond_what_chance_would_give() -> None:
    found = only(a_tally(Label.CLEAR, Label.CLEAR, 8), a_tally(Label.FAKE, Label.FAKE, 2))
    assert (found.agreement.pairs, found.agreement.observed, found.agreement.kappa) == (10, 1, 1)


def test_cost_is_compared_over_the_same_uploads() -> None:
    cost = {"serving_seconds": 2.0, "shadow_seconds": 3.0}
    found = only(
        a_tally(Label.CLEAR, Label.CLEAR, 2, **cost), a_tally(Label.FAKE, Label.FAKE, 1, **cost)
    )
    assert found.cost_ratio == pytest.approx(1.5)
    assert only(a_tally(Label.CLEAR, Label.CLEAR, 1)).cost_ratio is None


def test_what_was_lost_is_told_and_compared_with_nothing() -> None:
    found = only(
        a_tally(Label.CLEAR, Label.CLEAR, 5),
        lost(ShadowOutcome.LATE, 2),
        lost(ShadowOutcome.OVERLOADED, 1),
    )
    assert found.outcomes == {
        ShadowOutcome.SCORED: 5,
        ShadowOutcome.LATE: 2,
        ShadowOutcome.OVERLOADED: 1,
    }
    assert found.flips.of == 5
    nothing = only(lost(ShadowOutcome.UNAVAILABLE, 4))
    assert (nothing.flips.share, nothing.agreement.observed, nothing.cost_ratio) == (None,) * 3


def test_each_pair_of_bundles_is_compared_by_itself() -> None:
    other = replace(SHADOW, version="3")
    found = compare(
        [
            a_tally(Label.CLEAR, Label.FAKE, 1, shadow=other),
            a_tally(Label.CLEAR, Label.CLEAR, 2),
            a_tally(Label.CLEAR, Label.CLEAR, 4, serving=other),
        ]
    )
    assert [(one.serving.version, one.shadow.version, one.flips.of) for one in found] == [
        ("1", "2", 2),
        ("1", "3", 1),
        ("3", "2", 4),
    ]
    assert compare([]) == []


@pytest.mark.parametrize(
    ("outcome", "said"), [(ShadowOutcome.SCORED, None), (ShadowOutcome.LATE, SAID)]
)
def test_what_was_scored_says_something_and_nothing_else_does(
    outcome: ShadowOutcome, said: Opinion | None
) -> None:
    known = {"verdict_id": "v", "lineage_digest": "d", "by_serving": SAID, "by_shadow": SAID}
    whole = ShadowScore(
        upload_id="u1",
        tenant="acme",
        shadow=SHADOW,
        serving=SERVING,
        drawn_at=NOON,
        outcome=ShadowOutcome.SCORED,
        **known,
    )
    nothing = dict.fromkeys(known) | {"outcome": ShadowOutcome.LATE}
    assert replace(whole, **nothing).by_shadow is None
    with pytest.raises(ValueError, match="does not go together"):
        replace(replace(whole, **nothing), outcome=outcome, by_shadow=said)
