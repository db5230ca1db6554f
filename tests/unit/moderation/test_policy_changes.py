from __future__ import annotations

from dataclasses import replace

from moderation.conditions import Condition
from moderation.policy import Policy, Rule
from moderation.policy_changes import PolicyChange, Scope, changes
from moderation.thresholds import Thresholds
from moderation.upload import Lane
from moderation.verdict import Action

REST = Rule(thresholds=Thresholds(suspect=0.5, fake=0.8))
ACME = Rule(tenant="acme", thresholds=Thresholds(suspect=0.4, fake=0.8))
EVERYBODY = tuple(Scope(tenant="*", lane=lane) for lane in Lane)
NAMED = Condition(name="named", generator_marked=True, at_least=Action.LABEL)


def a_policy(*rules: Rule) -> Policy:
    return Policy(name="p", sha256="ab" * 32, rules=rules)


def test_a_policy_that_says_the_same_changes_nothing() -> None:
    assert not changes(a_policy(ACME, REST), replace(a_policy(ACME, REST), sha256="cd" * 32))


def test_a_threshold_that_moves_is_told_with_whom_it_concerns() -> None:
    later = replace(REST, thresholds=Thresholds(suspect=0.5, fake=0.9))
    found = changes(a_policy(ACME, REST), a_policy(ACME, later))
    assert found == {PolicyChange(setting="thresholds.fake", before="0.8", after="0.9"): EVERYBODY}


def test_a_new_rule_is_told_by_what_it_changes_for_its_tenant() -> None:
    found = changes(a_policy(REST), a_policy(replace(ACME, lane=Lane.LIVE), REST))
    assert found == {
        PolicyChange(setting="thresholds.suspect", before="0.5", after="0.4"): (
            Scope(tenant="acme", lane=Lane.LIVE),
        )
    }


def test_a_rule_that_no_upload_reaches_changes_nothing() -> None:
    assert not changes(a_policy(ACME, REST), a_policy(ACME, replace(ACME, lane=Lane.LIVE), REST))


def test_rules_whose_order_has_no_effect_change_nothing() -> None:
    other = replace(REST, tenant="other")
    assert not changes(a_policy(ACME, other, REST), a_policy(other, ACME, REST))


def test_conditions_are_told_by_name() -> None:
    graver = replace(NAMED, at_least=Action.REVIEW)
    found = changes(
        a_policy(replace(REST, provenance=(NAMED,))), a_policy(replace(REST, provenance=(graver,)))
    )
    assert found == {
        PolicyChange(setting="provenance.named.at_least", before="label", after="review"): EVERYBODY
    }


def test_a_condition_that_is_gone_is_told() -> None:
    found = changes(a_policy(replace(REST, provenance=(NAMED,))), a_policy(REST))
    assert PolicyChange(setting="provenance in order", before="named", after=None) in found
