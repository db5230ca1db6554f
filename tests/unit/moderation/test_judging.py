from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from moderation.judging import Judgement, judge, judge_without_face
from moderation.media import MediaFacts
from moderation.policy import Limits, Rule
from moderation.scores import CropScore, TrackScore
from moderation.thresholds import Thresholds
from moderation.tracks import Track
from moderation.verdict import Label, Reason
from tests.unit.moderation.words import GOOD, IMAGE, PLAIN, a_score, a_track

RULE = Rule(thresholds=Thresholds(suspect=0.5, fake=0.8))


def judged(
    tracks: Sequence[Track],
    *scores: CropScore,
    rule: Rule = RULE,
    media: MediaFacts = IMAGE,
) -> Judgement:
    return judge(media, tracks, scores, rule, PLAIN)


def a_poor_score(track_id: int, *, face_pixels: float = 120.0) -> CropScore:
    """Of a face that is turned away."""
    return a_score(
        0.99, track_id=track_id, quality=replace(GOOD, frontality=0.0, face_pixels=face_pixels)
    )


TWO = (a_track(0), a_track(1))


def test_one_forged_person_makes_a_forged_upload() -> None:
    judgement = judged(TWO, a_score(0.1, track_id=0), a_score(0.95, track_id=1))
    assert judgement.label is Label.FAKE
    assert judgement.fake_probability == pytest.approx(0.95)


def test_media_without_a_track_has_no_face() -> None:
    assert judged(()).label is judge_without_face(IMAGE).label is Label.NO_FACE


@pytest.mark.parametrize(
    ("probability", "label"), [(0.49, Label.CLEAR), (0.51, Label.SUSPECT), (0.81, Label.FAKE)]
)
def test_the_label_is_that_of_the_most_suspicious_person(probability: float, label: Label) -> None:
    assert judged(TWO, a_score(0.1), a_score(probability, track_id=1)).label is label


def test_an_upload_whose_every_face_is_too_poor_is_unknown_and_says_why() -> None:
    judgement = judged([a_track()], a_poor_score(0))
    assert judgement.label is Label.UNKNOWN
    assert judgement.fake_probability is None
    assert judgement.reasons == (Reason.TURNED_AWAY,)


def test_a_forged_face_is_found_beside_a_larger_one_that_cannot_be_judged() -> None:
    judgement = judged(TWO, a_poor_score(0, face_pixels=600), a_score(0.95, track_id=1))
    assert judgement.label is Label.FAKE


def test_an_upload_is_not_clear_while_its_main_face_could_not_be_judged() -> None:
    judgement = judged(TWO, a_poor_score(0, face_pixels=600), a_score(0.1, track_id=1))
    assert judgement.label is Label.UNKNOWN
    assert judgement.fake_probability is None
    assert judgement.reasons == (Reason.TURNED_AWAY,)


@pytest.mark.parametrize(("face_pixels", "label"), [(59.0, Label.CLEAR), (60.0, Label.UNKNOWN)])
def test_a_small_face_that_cannot_be_judged_leaves_an_upload_clear(
    face_pixels: float, label: Label
) -> None:
    """The other face has 120 pixels, and a bystander is below half of the main one."""
    judgement = judged(TWO, a_score(0.1), a_poor_score(1, face_pixels=face_pixels))
    assert judgement.label is label


@pytest.mark.parametrize(("frames_seen", "label"), [(4, Label.CLEAR), (5, Label.UNKNOWN)])
def test_a_brief_face_that_cannot_be_judged_leaves_an_upload_clear(
    frames_seen: int, label: Label
) -> None:
    """A quarter of the main one's 19 frames is 4.75."""
    tracks = (a_track(0, frames_seen=19), a_track(1, frames_seen=frames_seen))
    assert judged(tracks, a_score(0.1), a_poor_score(1)).label is label


@pytest.mark.parametrize(("bystander", "label"), [(0.0, Label.UNKNOWN), (1.1, Label.CLEAR)])
def test_the_policy_says_who_is_a_bystander(bystander: float, label: Label) -> None:
    rule = replace(RULE, limits=Limits(bystander=bystander))
    small = a_poor_score(0, face_pixels=41)
    large = a_poor_score(0, face_pixels=600)
    poor = small if bystander == 0.0 else large
    assert judged(TWO, poor, a_score(0.1, track_id=1), rule=rule).label is label


def test_a_small_face_close_to_the_threshold_is_no_bystander() -> None:
    rule = replace(RULE, thresholds=Thresholds(suspect=0.5, fake=0.8, abstain=0.05))
    small = a_score(0.47, track_id=1, quality=replace(GOOD, face_pixels=41))
    judgement = judged(TWO, a_score(0.1), small, rule=rule)
    assert judgement.label is Label.UNKNOWN
    assert judgement.reasons == (Reason.NEAR_THRESHOLD,)


def test_the_reasons_of_bystanders_are_told_with_their_tracks_only() -> None:
    judgement = judged(TWO, a_score(0.1), a_poor_score(1, face_pixels=41))
    assert judgement.reasons == ()
    assert judgement.tracks[1].reasons == (Reason.TURNED_AWAY,)


def test_scores_of_a_track_reach_that_track_only() -> None:
    fusion = replace(
        PLAIN, families=(replace(PLAIN.families[0], weights={"blending": 1.0, "transitions": 1.0}),)
    )
    scores = (a_score(0.3), a_score(0.3, track_id=1))
    over_tracks = (TrackScore(track_id=1, logits={"transitions": 3.0}),)
    first, second = judge(IMAGE, TWO, scores, RULE, fusion, over_tracks).tracks
    assert (first.label, second.label) == (Label.CLEAR, Label.FAKE)


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
    judgement = judged([a_track()], a_score(0.9), media=media)
    assert judgement.label is Label.FAKE
    assert (Reason.DAMAGED_MEDIA in judgement.reasons) is damaged
