"""One decision for many uploads says for each whether its verdict is upheld or overturned."""

from __future__ import annotations

import pytest

from moderation.clusters import review_in_cluster, ruling_on, token_for
from moderation.decisions import DecisionKind
from moderation.review import ReviewJob
from moderation.verdict import Action
from tests.contracts.reviews.desk import PLAN
from tests.contracts.words import NOON, a_verdict


def a_job(action: Action) -> ReviewJob:
    verdict = a_verdict(action=action)
    return review_in_cluster(verdict, [], None, moderator="lea", token="t", plan=PLAN, now=NOON)


@pytest.mark.parametrize(
    ("asked", "wanted", "kind"),
    [
        (Action.WITHHOLD, Action.WITHHOLD, DecisionKind.UPHOLD),
        (Action.REVIEW, Action.LABEL, DecisionKind.UPHOLD),
        (Action.PUBLISH, Action.PUBLISH, DecisionKind.UPHOLD),
        (Action.PUBLISH, Action.WITHHOLD, DecisionKind.OVERTURN),
        (Action.WITHHOLD, Action.PUBLISH, DecisionKind.OVERTURN),
        (Action.REVIEW, Action.PUBLISH, DecisionKind.OVERTURN),
    ],
)
def test_the_same_end_upholds_one_verdict_and_overturns_another(
    asked: Action, wanted: Action, kind: DecisionKind
) -> None:
    ruling = ruling_on(a_job(asked), wanted, reason="forged", token="t")
    assert (ruling.kind, ruling.action) == (kind, wanted)


def test_a_cluster_is_not_sent_to_be_reviewed() -> None:
    with pytest.raises(ValueError, match="published, labelled or withheld"):
        ruling_on(a_job(Action.REVIEW), Action.REVIEW, reason="forged", token="t")


def test_each_upload_of_a_form_has_a_token_of_its_own() -> None:
    tokens = {token_for("t", "u1"), token_for("t", "u2"), token_for("other", "u1")}
    assert len(tokens) == 3
    assert token_for("t", "u1") == token_for("t", "u1")
