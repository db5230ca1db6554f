"""A policy's own tests see what an upload would see, on both sides of every threshold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from moderation.conditions import Condition
from moderation.matching import MatchCondition
from moderation.media import MediaKind
from moderation.origins import Origin
from moderation.policy import Limits, Policy, Rule
from moderation.policy_cases import (
    Expected,
    FaceGiven,
    Given,
    MatchGiven,
    PolicyTest,
    ProvenanceGiven,
)
from moderation.policy_testing import came_of, faults
from moderation.provenance import ProvenanceState
from moderation.thresholds import Thresholds
from moderation.upload import Lane
from moderation.verdict import Action, Label, MatchKind, Reason

CONTRADICTED = Condition(
    name="contradicted",
    states=(ProvenanceState.TRUSTED,),
    declares=(Origin.CAPTURE,),
    labels=(Label.FAKE,),
    action=Action.REVIEW,
)
NAMED = Condition(name="named", generator_marked=True, at_least=Action.LABEL)
ODD = Condition(name="odd", conflicting=True, at_least=Action.REVIEW)
RULE = Rule(
    thresholds=Thresholds(suspect=0.6, fake=0.9, margin=0.03),
    limits=Limits(sharpness=12.0, video_crops=3),
    provenance=(CONTRADICTED, NAMED, ODD),
)
STRICT = replace(RULE, tenant="acme", lane=Lane.LIVE, thresholds=Thresholds(suspect=0.2, fake=0.4))
POLICY = Policy(name="p", sha256="ab" * 32, rules=(STRICT, RULE))


@pytest.mark.parametrize(
    ("score", "label"),
    [
        (0.0, Label.CLEAR),
        (0.599999, Label.CLEAR),
        (0.6, Label.SUSPECT),
        (0.899999, Label.SUSPECT),
        (0.9, Label.FAKE),
        (1.0, Label.FAKE),
    ],
)
def test_a_score_at_a_threshold_is_on_its_upper_side(score: float, label: Label) -> None:
    assert came_of(POLICY, Given(score=score)).label is label


def test_the_rule_is_that_of_tenant_and_lane() -> None:
    assert came_of(POLICY, Given(score=0.5, tenant="acme")).label is Label.FAKE
    assert came_of(POLICY, Given(score=0.5, tenant="acme", lane=Lane.BACKFILL)).label is Label.CLEAR


@pytest.mark.parametrize(("sharpness", "label"), [(11.9, Label.UNKNOWN), (12.0, Label.FAKE)])
def test_a_face_is_judged_within_the_limits_of_the_rule(sharpness: float, label: Label) -> None:
    came = came_of(POLICY, Given(score=0.95, face=FaceGiven(sharpness=sharpness)))
    assert came.label is label
    assert (Reason.BLURRED in came.reasons) is (label is Label.UNKNOWN)


@pytest.mark.parametrize(("crops", "label"), [(2, Label.UNKNOWN), (3, Label.FAKE)])
def test_a_video_needs_as_many_crops_as_the_rule_says(crops: int, label: Label) -> None:
    given = Given(score=0.95, media=MediaKind.VIDEO, face=FaceGiven(crops=crops))
    assert came_of(POLICY, given).label is label


def test_a_promise_of_false_flags_is_kept_by_the_evidence_of_the_bundle() -> None:
    promising = replace(RULE, thresholds=Thresholds(suspect=0.3, false_flags=0.05))
    policy = replace(POLICY, rules=(promising,))
    given = Given(score=0.7)
    assert came_of(policy, given).label is Label.SUSPECT
    assert came_of(policy, given, unforged=[0.5] * 19).label is Label.FAKE


@pytest.mark.parametrize(
    ("said", "action", "because"),
    [
        (ProvenanceGiven(), Action.WITHHOLD, ()),
        (
            ProvenanceGiven(state=ProvenanceState.TRUSTED, declares=(Origin.CAPTURE,)),
            Action.REVIEW,
            ("contradicted",),
        ),
        (
            ProvenanceGiven(state=ProvenanceState.VALID, declares=(Origin.CAPTURE,)),
            Action.WITHHOLD,
            (),
        ),
    ],
)
def test_provenance_is_given_in_the_words_of_conditions(
    said: ProvenanceGiven, action: Action, because: tuple[str, ...]
) -> None:
    came = came_of(POLICY, Given(label=Label.FAKE, provenance=said))
    assert (came.action, came.because) == (action, because)


@pytest.mark.parametrize(
    ("said", "because"),
    [
        (ProvenanceGiven(generator_marked=True), ("named",)),
        (ProvenanceGiven(conflicting=True), ("odd",)),
    ],
)
def test_marks_and_conflicts_can_be_given(said: ProvenanceGiven, because: tuple[str, ...]) -> None:
    assert came_of(POLICY, Given(label=Label.CLEAR, provenance=said)).because == because


def decided(action: Action, **parts: object) -> MatchGiven:
    return MatchGiven(kind=MatchKind.DECISION, decided=action, **parts)


@pytest.mark.parametrize(
    ("match", "action", "because"),
    [
        (decided(Action.PUBLISH, same_bytes=True), Action.PUBLISH, ("same_bytes_decided",)),
        (decided(Action.WITHHOLD, same_bytes=True), Action.WITHHOLD, ("same_bytes_decided",)),
        (decided(Action.WITHHOLD, distance=31), Action.REVIEW, ("looks_like_restricted",)),
        (decided(Action.PUBLISH, distance=3), Action.LABEL, ()),
        (MatchGiven(kind=MatchKind.LISTED, list="known"), Action.REVIEW, ("listed",)),
    ],
)
def test_what_was_known_before_is_given_in_the_words_of_conditions(
    match: MatchGiven, action: Action, because: tuple[str, ...]
) -> None:
    said = ProvenanceGiven(generator_marked=True)  # asks for a label
    came = came_of(POLICY, Given(label=Label.CLEAR, provenance=said, matches=(match,)))

    assert (came.label, came.action) == (Label.CLEAR, action)
    assert came.because == ("named", *because)
    assert Reason.MATCHED in came.reasons


@pytest.mark.parametrize(("distance", "action"), [(8, Action.WITHHOLD), (9, Action.PUBLISH)])
def test_a_condition_on_matches_is_tested_at_its_distance(distance: int, action: Action) -> None:
    near = MatchCondition(name="near", kind=MatchKind.LISTED, distance=8, at_least=Action.WITHHOLD)
    policy = replace(POLICY, rules=(replace(RULE, matches=(near,)),))
    match = MatchGiven(kind=MatchKind.LISTED, list="known", distance=distance)

    assert came_of(policy, Given(label=Label.CLEAR, matches=(match,))).action is action


@pytest.mark.parametrize(
    "parts",
    [
        {"kind": MatchKind.VERDICT},
        {"kind": MatchKind.DECISION},
        {"kind": MatchKind.DECISION, "decided": Action.REVIEW, "list": "known"},
        {"kind": MatchKind.DECISION, "decided": Action.REVIEW, "distance": 32},
        {"kind": MatchKind.DECISION, "decided": Action.REVIEW, "distance": 1, "same_bytes": True},
        {"kind": MatchKind.LISTED},
        {"kind": MatchKind.LISTED, "list": "known", "decided": Action.REVIEW},
        {"kind": MatchKind.LISTED, "list": "known", "same_bytes": True},
    ],
)
def test_a_match_that_no_upload_can_have_is_refused(parts: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"verdict|decision|list|bytes|distance"):
        MatchGiven(**parts)


def test_a_face_that_could_not_be_judged_is_unknown_for_the_reasons_given() -> None:
    came = came_of(POLICY, Given(reasons=(Reason.OCCLUDED,)))
    assert (came.label, came.action, came.reasons) == (
        Label.UNKNOWN,
        Action.REVIEW,
        (Reason.OCCLUDED,),
    )


def test_a_broken_promise_says_what_came_and_what_was_expected() -> None:
    test = PolicyTest(
        name="t",
        given=Given(score=0.95),
        expect=Expected(
            label=Label.SUSPECT, action=Action.REVIEW, reasons=(Reason.BLURRED,), because=("odd",)
        ),
    )
    assert faults(POLICY, test) == [
        "label is fake, not suspect",
        "action is withhold, not review",
        "because is nothing, not odd",
        "reasons are none, without blurred",
    ]


def test_a_promise_that_is_kept_has_no_faults() -> None:
    expected = Expected(label=Label.FAKE, action=Action.WITHHOLD, because=())
    assert not faults(POLICY, PolicyTest(name="t", given=Given(score=0.95), expect=expected))


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"score": 0.5, "label": Label.FAKE},
        {"label": Label.FAKE, "reasons": (Reason.BLURRED,)},
        {"score": 1.1},
        {"label": Label.FAKE, "face": FaceGiven()},
        {"label": Label.REJECTED, "provenance": ProvenanceGiven()},
        {"label": Label.REJECTED, "matches": (decided(Action.REVIEW),)},
    ],
)
def test_an_example_that_no_upload_can_be_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"gives|score|provenance|match"):
        Given(**given)


def test_a_capture_is_not_believed_of_who_cannot_prove_it() -> None:
    with pytest.raises(ValueError, match="credentials that hold"):
        ProvenanceGiven(declares=(Origin.CAPTURE,))
    assert ProvenanceGiven(declares=(Origin.GENERATED,))


def test_a_test_expects_something() -> None:
    with pytest.raises(ValueError, match="expects"):
        Expected()
