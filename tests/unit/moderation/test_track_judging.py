from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from moderation.fusion import Family, Fusion
from moderation.media import MediaFacts
from moderation.policy import Limits, Pooling, Rule
from moderation.scores import CropScore, pool
from moderation.thresholds import Thresholds
from moderation.track_judging import fault, judge_track
from moderation.verdict import Label, Reason, TrackVerdict
from tests.unit.moderation.words import GOOD, IMAGE, PLAIN, VIDEO, a_score, a_track

RULE = Rule(thresholds=Thresholds(suspect=0.5, fake=0.8, margin=0.03))
BOTH = Fusion(
    id="both",
    families=(
        Family(finds="manipulated", weights={"blending": 1.0, "transitions": 1.0}),
        Family(finds="generated", weights={"generation": 1.0}),
    ),
)


def judged(
    *scores: CropScore,
    media: MediaFacts = IMAGE,
    rule: Rule = RULE,
    fusion: Fusion = PLAIN,
    track_logits: Mapping[str, float] | None = None,
) -> TrackVerdict:
    return judge_track(media, a_track(), scores, track_logits or {}, rule, fusion)


def several(probabilities: Sequence[float]) -> list[CropScore]:
    return [a_score(probability, crop_id=n) for n, probability in enumerate(probabilities)]


@pytest.mark.parametrize(
    ("field", "below", "at", "reason"),
    [
        ("face_pixels", 39.9, 40.0, Reason.LOW_RESOLUTION),
        ("sharpness", 11.9, 12.0, Reason.BLURRED),
        ("frontality", 0.24, 0.25, Reason.TURNED_AWAY),
        ("detector_score", 0.79, 0.8, Reason.DOUBTFUL_FACE),
    ],
)
def test_a_crop_below_a_limit_is_not_judged(
    field: str, below: float, at: float, reason: Reason
) -> None:
    limits = Limits()
    assert fault(a_score(0.9, quality=replace(GOOD, **{field: below})), limits) is reason
    assert fault(a_score(0.9, quality=replace(GOOD, **{field: at})), limits) is None


@pytest.mark.parametrize(
    ("distance", "reason"), [(2.0, None), (2.01, Reason.OUT_OF_DISTRIBUTION), (None, None)]
)
def test_a_crop_unlike_the_training_data_is_not_judged(
    distance: float | None, reason: Reason | None
) -> None:
    assert fault(a_score(0.9, distance=distance), Limits()) is reason


@pytest.mark.parametrize(
    ("screens", "reason"),
    [({"occluded": 0.5}, None), ({"occluded": 0.51}, Reason.OCCLUDED), ({}, None)],
)
def test_a_covered_face_is_not_judged(screens: dict[str, float], reason: Reason | None) -> None:
    assert fault(a_score(0.9, screens=screens), Limits()) is reason


@pytest.mark.parametrize("reason", [Reason.NOT_PHOTOGRAPHED, Reason.RESCREENED])
@pytest.mark.parametrize(("chance", "abstains"), [(0.5, False), (0.51, True)])
def test_what_is_no_photograph_of_a_person_is_not_judged(
    reason: Reason, chance: float, abstains: bool
) -> None:
    track = judged(a_score(0.99, screens={reason.value: chance}))
    assert (track.fake_probability is None) is abstains
    assert (track.reasons == (reason,)) is abstains


@pytest.mark.parametrize(("drawn", "abstains"), [(7, False), (9, True)])
def test_whether_a_track_is_drawn_is_told_by_its_crops_together(drawn: int, abstains: bool) -> None:
    scores = [
        a_score(0.99, crop_id=number, screens={"not_photographed": float(number < drawn)})
        for number in range(16)
    ]
    assert (judged(*scores, media=VIDEO).label is Label.UNKNOWN) is abstains


def test_a_screen_that_no_policy_knows_is_passed_over() -> None:
    assert judged(a_score(0.99, screens={"smiling": 1.0})).label is Label.FAKE


@pytest.mark.parametrize(("crops", "label"), [(2, Label.UNKNOWN), (3, Label.FAKE)])
def test_a_video_needs_several_good_crops(crops: int, label: Label) -> None:
    track = judged(*several([0.9] * crops), media=VIDEO)
    assert track.label is label
    assert (Reason.FEW_FRAMES in track.reasons) is (label is Label.UNKNOWN)
    assert track.crops_judged == (crops if label is Label.FAKE else 0)


def test_the_crops_of_a_track_are_pooled_as_logits() -> None:
    track = judged(*several([0.5, 0.5, 0.5, 0.9]), media=VIDEO)
    assert track.fake_probability == pytest.approx(3**0.5 / (1 + 3**0.5))  # odds 9, 1, 1, 1


def test_a_policy_may_pool_the_strongest_crops_only() -> None:
    rule = replace(RULE, pooling=Pooling(strongest_share=0.5))
    track = judged(*several([0.1] * 4 + [0.9] * 4), media=VIDEO, rule=rule)
    assert track.fake_probability == pytest.approx(0.9)


def test_a_brief_forgery_is_not_averaged_away() -> None:
    assert pool([0.0] * 8 + [1.0] * 8, strongest_share=0.5) == 1.0


def test_one_bad_crop_does_not_decide() -> None:
    assert pool([0.1] * 15 + [1.0], strongest_share=0.5) < 0.25


def test_each_family_is_told_and_the_detectors_over_the_track_count() -> None:
    score = replace(a_score(0.5), logits={"blending": 1.0, "generation": -3.0})
    without = judged(score, fusion=BOTH)
    track = judged(score, fusion=BOTH, track_logits={"transitions": 1.0})
    assert track.family_probabilities == pytest.approx(
        {"manipulated": 0.8808, "generated": 0.0474}, abs=1e-4
    )
    assert track.fake_probability > without.fake_probability


@pytest.mark.parametrize(("transitions", "abstains"), [(-1.0, False), (-1.2, True)])
def test_a_track_of_whose_two_detectors_one_must_be_wrong_is_not_judged(
    transitions: float, abstains: bool
) -> None:
    """0.982 against 0.269 (0.713 apart) and against 0.231 (0.751)."""
    score = replace(a_score(0.5), logits={"blending": 4.0})
    track = judged(score, fusion=BOTH, track_logits={"transitions": transitions})
    assert (Reason.MODELS_DISAGREE in track.reasons) is abstains
    assert (track.fake_probability is None) is abstains
    assert (track.label is Label.UNKNOWN) is abstains
    assert track.family_probabilities


@pytest.mark.parametrize(
    ("probability", "label"),
    [
        (0.44, Label.CLEAR),
        (0.46, Label.UNKNOWN),
        (0.54, Label.UNKNOWN),
        (0.56, Label.SUSPECT),
    ],
)
def test_close_to_the_threshold_a_track_abstains_where_the_policy_asks_for_it(
    probability: float, label: Label
) -> None:
    rule = replace(RULE, thresholds=Thresholds(suspect=0.5, fake=0.8, margin=0.0, abstain=0.05))
    track = judged(a_score(probability), rule=rule)
    assert track.label is label
    assert (track.reasons == (Reason.NEAR_THRESHOLD,)) is (label is Label.UNKNOWN)
    assert (track.fake_probability is None) is (label is Label.UNKNOWN)


@pytest.mark.parametrize(("probability", "near"), [(0.46, False), (0.48, True)])
def test_a_track_close_to_a_threshold_says_so(probability: float, near: bool) -> None:
    assert (Reason.NEAR_THRESHOLD in judged(a_score(probability)).reasons) is near


def test_a_share_of_false_flags_is_resolved_with_the_bundle_that_scored() -> None:
    rule = replace(RULE, thresholds=Thresholds(suspect=0.5, false_flags=0.05))
    assert judged(a_score(0.99), rule=rule).label is Label.SUSPECT
    informed = replace(PLAIN, unforged=(0.1,) * 99)
    assert judged(a_score(0.99), rule=rule, fusion=informed).label is Label.FAKE


def test_the_strongest_frames_come_loudest_first_each_with_its_own_probability() -> None:
    track = judged(*several([0.5, 0.6, 0.7, 0.8, 0.9]), media=VIDEO)
    assert [frame.crop_id for frame in track.strongest_frames] == [4, 3, 2]
    assert track.strongest_frames[0].fake_probability == pytest.approx(0.9)


def test_of_a_track_that_was_looked_at_and_left_open_the_strongest_frames_are_shown() -> None:
    rule = replace(RULE, thresholds=Thresholds(suspect=0.5, fake=0.8, abstain=0.1))
    track = judged(a_score(0.55), rule=rule)
    assert track.label is Label.UNKNOWN
    assert track.crops_judged == len(track.strongest_frames) == 1
