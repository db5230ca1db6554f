from __future__ import annotations

import pytest

from moderation.policy import Limits, Policy, Pooling, Rule
from moderation.upload import Lane
from moderation.verdict import Action, Label


def a_policy(*rules: Rule) -> Policy:
    return Policy(name="test", sha256="ab" * 32, rules=rules)


def test_the_first_rule_that_covers_an_upload_holds() -> None:
    strict = Rule(tenant="acme", lane=Lane.LIVE)
    lenient = Rule()
    policy = a_policy(strict, lenient)
    assert policy.rule_for("acme", Lane.LIVE) is strict
    assert policy.rule_for("acme", Lane.BACKFILL) is lenient
    assert policy.rule_for("other", Lane.LIVE) is lenient


@pytest.mark.parametrize("last", [Rule(tenant="acme"), Rule(lane=Lane.LIVE)])
def test_a_policy_that_leaves_uploads_without_a_rule_is_refused(last: Rule) -> None:
    with pytest.raises(ValueError, match="covers the rest"):
        a_policy(last)


def test_a_rule_without_an_action_for_a_label_is_refused() -> None:
    with pytest.raises(ValueError, match="no action for suspect"):
        Rule(actions={label: Action.REVIEW for label in Label if label is not Label.SUSPECT})


@pytest.mark.parametrize("limits", [{"bystander": -0.1}, {"video_crops": 0}])
def test_limits_that_make_no_sense_are_refused(limits: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        Limits(**limits)


@pytest.mark.parametrize("share", [0.0, 1.1])
def test_pooling_takes_a_share_of_the_crops(share: float) -> None:
    with pytest.raises(ValueError, match="strongest_share"):
        Pooling(strongest_share=share)
