"""Conditions on provenance change what is asked of the platform, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from moderation.conditions import LONGEST_NAME, Condition, Settled, settle
from moderation.origins import Origin
from moderation.policy import Rule
from moderation.provenance import (
    UNKNOWN,
    Conflict,
    Credentials,
    GeneratorMark,
    ManifestPlace,
    Provenance,
    ProvenanceState,
    SourceAction,
)
from moderation.verdict import Action, Label

CAPTURED = Provenance(
    state=ProvenanceState.TRUSTED,
    credentials=Credentials(
        place=ManifestPlace.EMBEDDED,
        actions=(SourceAction(action="c2pa.created", digital_source_type="digitalCapture"),),
    ),
)
INVALID = Provenance(state=ProvenanceState.INVALID)
MARKED = replace(UNKNOWN, generator_marks=(GeneratorMark(generator="Midjourney", field="f"),))
CONTRADICTED = Condition(
    name="contradicted",
    states=(ProvenanceState.TRUSTED,),
    declares=(Origin.CAPTURE,),
    labels=(Label.FAKE, Label.SUSPECT),
    action=Action.REVIEW,
)
BROKEN = Condition(name="broken", states=(ProvenanceState.INVALID,), at_least=Action.REVIEW)
NAMED = Condition(name="named", generator_marked=True, at_least=Action.LABEL)


def test_without_conditions_the_label_decides() -> None:
    assert settle(Action.PUBLISH, Label.CLEAR, CAPTURED, ()) == Settled(action=Action.PUBLISH)


def test_without_provenance_no_condition_holds() -> None:
    unmarked = Condition(name="unmarked", generator_marked=False, at_least=Action.WITHHOLD)
    assert settle(Action.PUBLISH, Label.CLEAR, None, (unmarked,)).because == ()
    assert settle(Action.PUBLISH, Label.CLEAR, UNKNOWN, (unmarked,)).because == ("unmarked",)


@pytest.mark.parametrize("label", [Label.FAKE, Label.SUSPECT])
def test_a_trusted_capture_that_looks_forged_goes_to_people(label: Label) -> None:
    settled = settle(Action.WITHHOLD, label, CAPTURED, (CONTRADICTED,))
    assert settled == Settled(action=Action.REVIEW, because=("contradicted",))


@pytest.mark.parametrize(
    ("label", "provenance"),
    [
        (Label.CLEAR, CAPTURED),
        (Label.FAKE, replace(CAPTURED, state=ProvenanceState.VALID)),
        (Label.FAKE, Provenance(state=ProvenanceState.TRUSTED)),
    ],
)
def test_every_part_of_a_condition_must_hold(label: Label, provenance: Provenance) -> None:
    assert settle(Action.WITHHOLD, label, provenance, (CONTRADICTED,)).because == ()


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (Action.PUBLISH, Settled(action=Action.REVIEW, because=("broken",))),
        (Action.LABEL, Settled(action=Action.REVIEW, because=("broken",))),
        (Action.REVIEW, Settled(action=Action.REVIEW)),
        (Action.WITHHOLD, Settled(action=Action.WITHHOLD)),
    ],
)
def test_at_least_never_makes_an_action_lighter(action: Action, expected: Settled) -> None:
    assert settle(action, Label.CLEAR, INVALID, (BROKEN,)) == expected


@pytest.mark.parametrize("order", [(NAMED, BROKEN), (BROKEN, NAMED)])
def test_the_gravest_of_several_holds_whatever_their_order(
    order: tuple[Condition, ...],
) -> None:
    both = replace(MARKED, state=ProvenanceState.INVALID)
    settled = settle(Action.PUBLISH, Label.CLEAR, both, order)
    assert settled == Settled(action=Action.REVIEW, because=("broken",))


def test_what_replaces_an_action_may_be_raised_again() -> None:
    sure = Condition(name="sure", conflicting=True, at_least=Action.WITHHOLD)
    contradicting = replace(CAPTURED, conflicts=(Conflict.CAPTURE_BUT_EDITOR,))
    settled = settle(Action.WITHHOLD, Label.FAKE, contradicting, (CONTRADICTED, sure))
    assert settled == Settled(action=Action.WITHHOLD, because=("contradicted", "sure"))


def test_the_first_that_replaces_an_action_does() -> None:
    second = replace(CONTRADICTED, name="second", action=Action.PUBLISH)
    settled = settle(Action.WITHHOLD, Label.FAKE, CAPTURED, (CONTRADICTED, second))
    assert settled.because == ("contradicted",)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "a" * (LONGEST_NAME + 1)},
        {"name": "Broken"},
        {"states": ()},
        {"at_least": None},
        {"action": Action.REVIEW},
        {"labels": (Label.REJECTED,)},
    ],
)
def test_a_condition_that_means_nothing_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="condition"):
        replace(BROKEN, **wrong)


def test_conditions_of_a_rule_have_names_of_their_own() -> None:
    assert Rule(provenance=(BROKEN, NAMED))
    with pytest.raises(ValueError, match="names of their own"):
        Rule(provenance=(BROKEN, BROKEN))
