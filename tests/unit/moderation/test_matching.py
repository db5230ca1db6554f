"""What is known of the same bytes or of look-alikes changes what is asked for, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from moderation.looks import LARGEST_DISTANCE
from moderation.matching import DEFAULTS, MOST_MATCHES, MatchCondition, with_matches
from moderation.policy import Rule
from moderation.verdict import Action, Label, Match, MatchKind, Reason, Verdict
from tests.contracts.words import a_verdict

FAKE = a_verdict(reasons=())
CLEAR = a_verdict(label=Label.CLEAR, action=Action.PUBLISH, fake_probability=0.1, reasons=())
TAKEN_OVER = Match(kind=MatchKind.VERDICT, verdict_id="v0")
LISTED = Match(kind=MatchKind.LISTED, list_name="partners", entry="7", distance=LARGEST_DISTANCE)


def decided(action: Action, distance: int | None = None) -> Match:
    return Match(
        kind=MatchKind.DECISION, decision_id=f"d-{action}", action=action, distance=distance
    )


def settled(
    verdict: Verdict, *matches: Match, by: tuple[MatchCondition, ...] = DEFAULTS
) -> tuple[Action, tuple[str, ...]]:
    found = with_matches(verdict, matches, by)
    assert (found.label, found.fake_probability) == (verdict.label, verdict.fake_probability)
    return found.action, found.action_because


def test_without_a_match_a_verdict_is_as_it_was() -> None:
    assert with_matches(FAKE, (), DEFAULTS) is FAKE


def test_a_match_is_told_with_its_reason() -> None:
    found = with_matches(FAKE, [TAKEN_OVER], DEFAULTS)
    assert found == replace(FAKE, matched=(TAKEN_OVER,), reasons=(Reason.MATCHED,))


def test_no_more_matches_are_told_than_a_message_has_room_for() -> None:
    assert len(with_matches(FAKE, [LISTED] * 20, DEFAULTS).matched) == MOST_MATCHES


def test_of_many_matches_the_one_that_changed_the_action_is_told() -> None:
    alike = decided(Action.PUBLISH, distance=3)
    published = [replace(alike, decision_id=f"d{number}") for number in range(MOST_MATCHES)]

    told = with_matches(CLEAR, [*published, LISTED], DEFAULTS)

    assert told.action_because == ("listed",)
    assert told.matched == (*published[:-1], LISTED)


@pytest.mark.parametrize(
    ("verdict", "action"),
    [(FAKE, Action.PUBLISH), (CLEAR, Action.WITHHOLD), (CLEAR, Action.LABEL)],
)
def test_what_people_decided_about_the_same_bytes_holds_again(
    verdict: Verdict, action: Action
) -> None:
    assert settled(verdict, decided(action)) == (action, ("same_bytes_decided",))


def test_a_decision_that_asks_for_the_same_changes_nothing() -> None:
    assert settled(FAKE, decided(Action.WITHHOLD)) == (Action.WITHHOLD, ())


def test_decisions_on_the_same_bytes_that_contradict_each_other_go_to_people() -> None:
    both = decided(Action.PUBLISH), decided(Action.WITHHOLD)
    assert settled(FAKE, *both) == (Action.REVIEW, ("same_bytes_decided",))


def test_of_decisions_that_restrict_the_gravest_holds() -> None:
    both = decided(Action.LABEL), decided(Action.WITHHOLD)
    assert settled(CLEAR, *both)[0] is Action.WITHHOLD


def test_what_looks_like_something_restricted_goes_to_people() -> None:
    alike = decided(Action.WITHHOLD, distance=0)
    assert settled(CLEAR, alike) == (Action.REVIEW, ("looks_like_restricted",))
    assert settled(FAKE, alike) == (Action.WITHHOLD, ())


def test_what_looks_like_something_published_is_not_published_for_that() -> None:
    assert settled(FAKE, decided(Action.PUBLISH, distance=0)) == (Action.WITHHOLD, ())


def test_what_stands_on_a_list_goes_to_people() -> None:
    assert settled(CLEAR, LISTED) == (Action.REVIEW, ("listed",))


def test_a_verdict_that_holds_again_changes_no_action() -> None:
    assert settled(CLEAR, TAKEN_OVER) == (Action.PUBLISH, ())


def test_a_condition_may_ask_for_a_list_a_label_and_a_distance() -> None:
    near = MatchCondition(
        name="near",
        kind=MatchKind.LISTED,
        lists=("partners",),
        labels=(Label.CLEAR,),
        distance=10,
        at_least=Action.WITHHOLD,
    )
    assert settled(CLEAR, replace(LISTED, distance=10), by=(near,))[0] is Action.WITHHOLD
    for verdict, match in (
        (CLEAR, replace(LISTED, distance=11)),
        (CLEAR, replace(LISTED, distance=10, list_name="others")),
        (replace(FAKE, action=Action.PUBLISH), replace(LISTED, distance=10)),
    ):
        assert settled(verdict, match, by=(near,)) == (Action.PUBLISH, ())


def test_the_first_condition_that_adopts_does_so_and_a_graver_one_still_raises_it() -> None:
    any_decision = MatchCondition(name="any", kind=MatchKind.DECISION, adopt=True)
    withheld = MatchCondition(name="w", kind=MatchKind.LISTED, at_least=Action.WITHHOLD)
    reviewed = MatchCondition(name="r", kind=MatchKind.LISTED, at_least=Action.REVIEW)
    both = decided(Action.PUBLISH, distance=3), LISTED
    assert settled(FAKE, *both, by=(any_decision, reviewed, withheld)) == (
        Action.WITHHOLD,
        ("any", "w"),
    )


@pytest.mark.parametrize(
    "parts",
    [
        {"kind": MatchKind.DECISION},
        {"kind": MatchKind.DECISION, "adopt": True, "at_least": Action.REVIEW},
        {"kind": MatchKind.DECISION, "adopt": True, "lists": ("partners",)},
        {"kind": MatchKind.VERDICT, "at_least": Action.REVIEW},
        {"kind": MatchKind.LISTED, "adopt": True},
        {"kind": MatchKind.LISTED, "at_least": Action.REVIEW, "same_bytes": True},
        {"kind": MatchKind.LISTED, "at_least": Action.REVIEW, "decided": (Action.LABEL,)},
        {"kind": MatchKind.LISTED, "at_least": Action.REVIEW, "distance": LARGEST_DISTANCE + 1},
        {"kind": MatchKind.LISTED, "at_least": Action.REVIEW, "distance": -1},
        {"kind": MatchKind.LISTED, "at_least": Action.REVIEW, "name": "No Name"},
    ],
)
def test_a_condition_that_could_not_mean_anything_is_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="condition"):
        MatchCondition(**{"name": "odd", **parts})


def test_a_rule_has_no_two_conditions_of_one_name() -> None:
    with pytest.raises(ValueError, match="names of their own"):
        Rule(matches=(DEFAULTS[0], DEFAULTS[0]))
