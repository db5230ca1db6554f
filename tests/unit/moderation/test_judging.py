from __future__ import annotations

from dataclasses import replace
from math import log

import pytest

from moderation.fusion import Family, Fusion
from moderation.judging import Judgement, fault
from moderation.judging import judge as judge_by
from moderation.media import MediaFacts, MediaKind
from moderation.policy import Limits, Rule, Thresholds
from moderation.scores import CropScore, pool
from moderation.tracks import Crop, CropQuality, Track
from moderation.verdict import Label, Reason
from tests.builders import FACTS

GOOD = CropQuality(face_pixels=120, sharpness=200, frontality=0.9, detector_score=0.99)
RULE = Rule(thresholds=Thresholds(suspect=0.5, fake=0.8, margin=0.03))
PLAIN = Fusion(id="plain", families=(Family(finds="manipulated", weights={"blending": 1.0}),))
IMAGE = FACTS
VIDEO = replace(FACTS, kind=MediaKind.VIDEO, duration_seconds=10.0, frames_sampled=32)


def a_score(
    probability: float,
    *,
    track_id: int = 0,
    crop_id: int = 0,
    quality: CropQuality = GOOD,
    distance: float | None = None,
) -> CropScore:
    crop = Crop(
        crop_id=crop_id,
        track_id=track_id,
        at_seconds=float(crop_id),
        box_xyxy=(0.0, 0.0, 10.0, 10.0),
        quality=quality,
    )
    return CropScore(
        crop=crop,
        logits={"blending": log(probability / (1.0 - probability))},
        embedding_distance=distance,
    )


def judge(media: MediaFacts, tracks: list[Track], scores: list[CropScore], rule: Rule) -> Judgement:
    return judge_by(media, tracks, scores, rule, PLAIN)


def a_track(track_id: int = 0) -> Track:
    return Track(track_id=track_id, first_seconds=0.0, last_seconds=9.0, frames_seen=10)


def test_one_forged_person_makes_a_forged_upload() -> None:
    scores = [a_score(0.1, track_id=0), a_score(0.95, track_id=1)]
    judgement = judge(IMAGE, [a_track(0), a_track(1)], scores, RULE)
    assert judgement.label is Label.FAKE
    assert judgement.fake_probability == pytest.approx(0.95)


def test_media_without_a_track_has_no_face() -> None:
    assert judge(IMAGE, [], [], RULE).label is Label.NO_FACE


@pytest.mark.parametrize(
    ("probability", "label"),
    [
        (0.499, Label.CLEAR),
        (0.5, Label.SUSPECT),
        (0.799, Label.SUSPECT),
        (0.801, Label.FAKE),
    ],
)
def test_the_label_changes_at_its_threshold(probability: float, label: Label) -> None:
    assert judge(IMAGE, [a_track()], [a_score(probability)], RULE).label is label


@pytest.mark.parametrize(
    ("probability", "near"), [(0.469, False), (0.471, True), (0.529, True), (0.531, False)]
)
def test_a_verdict_close_to_a_threshold_says_so(probability: float, near: bool) -> None:
    reasons = judge(IMAGE, [a_track()], [a_score(probability)], RULE).reasons
    assert (Reason.NEAR_THRESHOLD in reasons) is near


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


def test_an_upload_whose_every_face_is_too_poor_is_unknown_and_says_why() -> None:
    poor = replace(GOOD, face_pixels=10)
    judgement = judge(IMAGE, [a_track()], [a_score(0.99, quality=poor)], RULE)
    assert judgement.label is Label.UNKNOWN
    assert judgement.fake_probability is None
    assert judgement.reasons == (Reason.LOW_RESOLUTION,)


@pytest.mark.parametrize(("crops", "label"), [(2, Label.UNKNOWN), (3, Label.FAKE)])
def test_a_video_needs_several_good_crops(crops: int, label: Label) -> None:
    scores = [a_score(0.9, crop_id=number) for number in range(crops)]
    judgement = judge(VIDEO, [a_track()], scores, RULE)
    assert judgement.label is label
    assert (Reason.FEW_FRAMES in judgement.reasons) is (label is Label.UNKNOWN)


def test_a_brief_forgery_is_not_averaged_away() -> None:
    assert pool([0.0] * 8 + [1.0] * 8, strongest_share=0.5) == 1.0


def test_one_bad_crop_does_not_decide() -> None:
    assert pool([0.1] * 15 + [1.0], strongest_share=0.5) < 0.25


@pytest.mark.parametrize(
    ("media", "damaged"),
    [
        (replace(IMAGE, frames_failed=1), True),
        (replace(IMAGE, warnings=("truncated",)), True),
        (replace(IMAGE, warnings=("timestamps_uneven",)), False),
        (IMAGE, False),
    ],
)
def test_damaged_media_are_judged_on_what_decodes_and_say_so(
    media: MediaFacts, damaged: bool
) -> None:
    judgement = judge(media, [a_track()], [a_score(0.9)], RULE)
    assert judgement.label is Label.FAKE
    assert (Reason.DAMAGED_MEDIA in judgement.reasons) is damaged


def test_the_strongest_frames_come_loudest_first() -> None:
    scores = [a_score(0.5 + number / 10, crop_id=number) for number in range(5)]
    (track,) = judge(VIDEO, [a_track()], scores, RULE).tracks
    assert [frame.crop_id for frame in track.strongest_frames] == [4, 3, 2]
