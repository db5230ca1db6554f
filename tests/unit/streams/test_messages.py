"""The largest messages that the limits of extraction and of bundles allow."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import replace

import pytest
from annotated_types import Le

from inference.bundles.manifest import LONGEST_NAME, MOST_DETECTORS
from inference.faces.tracks import FaceFollower
from moderation.conditions import LONGEST_NAME as LONGEST_CONDITION
from moderation.lineage import Lineage, ModelIdentity
from moderation.looks import MOST_LOOKS, Look
from moderation.scores import CropScore, TrackScore
from moderation.tracks import Crop, CropQuality, Track
from moderation.verdict import Action, Label, Reason, StrongFrame, TrackVerdict, Verdict
from runtime.settings import Faces
from streams.messages import LIMIT_BYTES, REACHED, SCORED, UploadScored, VerdictReached
from tests.builders import FACTS, FULLEST, MODEL, NOON, an_upload

CROPS = 64
TRACKS = 64
DETECTORS = tuple(f"{number}".ljust(LONGEST_NAME, "n") for number in range(MOST_DETECTORS))
FAMILIES = ("manipulated", "generated", "another family")
SCREENS = ("occluded", "not_photographed", "rescreened")
LONG = -1234.5678901234567  # as many digits as a number has, in a place of its own kind
ROUNDED = -12.3456
CHANCE = 0.12345678901234567
UPLOAD = an_upload("u" * 128, tenant="t" * 128, uri="https://" + "a" * 2040, file_name="é" * 255)
BOX = (LONG, LONG, LONG, LONG)


def a_score(number: int, detectors: Sequence[str]) -> CropScore:
    quality = CropQuality(
        face_pixels=-LONG, sharpness=-LONG, frontality=CHANCE, detector_score=CHANCE
    )
    return CropScore(
        crop=Crop(
            crop_id=number,
            track_id=number % TRACKS,
            at_seconds=-LONG,
            box_xyxy=BOX,
            quality=quality,
        ),
        logits=dict.fromkeys(detectors, ROUNDED),
        embedding_distance=-ROUNDED,
        screens=dict.fromkeys(SCREENS, 0.1234),
    )


def a_track(number: int) -> TrackVerdict:
    frame = StrongFrame(crop_id=number, at_seconds=-LONG, box_xyxy=BOX, fake_probability=CHANCE)
    return TrackVerdict(
        track_id=number,
        first_seconds=-LONG,
        last_seconds=-LONG,
        crops_judged=CROPS // TRACKS,
        label=Label.SUSPECT,
        fake_probability=CHANCE,
        reasons=(Reason.MODELS_DISAGREE, Reason.NEAR_THRESHOLD),
        strongest_frames=(frame,) * (CROPS // TRACKS),
        family_probabilities=dict.fromkeys(FAMILIES, CHANCE),
    )


def test_no_upload_has_more_crops_or_tracks() -> None:
    assert inspect.signature(FaceFollower).parameters["max_crops"].default == CROPS
    bounds = [one for one in Faces.model_fields["tracks"].metadata if isinstance(one, Le)]
    assert [one.le for one in bounds] == [TRACKS]


@pytest.mark.parametrize("over_tracks", range(MOST_DETECTORS))
def test_the_scores_of_the_largest_upload_fit_into_a_message(over_tracks: int) -> None:
    watching, looking = DETECTORS[:over_tracks], DETECTORS[over_tracks:]
    message = UploadScored(
        upload=UPLOAD,
        preprocessing="p" * 200,
        media=FACTS,
        provenance=FULLEST,
        face_pack="k" * 500,
        score_pack="k" * 500,
        tracks=tuple(
            Track(track_id=n, first_seconds=-LONG, last_seconds=-LONG, frames_seen=512)
            for n in range(TRACKS)
        ),
        scores=tuple(a_score(number, looking) for number in range(CROPS)),
        track_scores=tuple(
            TrackScore(track_id=n, logits=dict.fromkeys(watching, ROUNDED)) for n in range(TRACKS)
        ),
        model=ModelIdentity(name="m" * 40, version="v" * 40, sha256="ef" * 32),
        looks=(Look(pdq="f" * 64, quality=100, at_seconds=-LONG),) * MOST_LOOKS,
    )
    sent = SCORED.encode(message, topic="t", upload_id="u1", at=NOON)
    assert LIMIT_BYTES // 2 < len(sent.value) <= LIMIT_BYTES
    assert SCORED.decode(sent.value) == message


def test_the_verdict_on_the_largest_upload_fits_into_a_message() -> None:
    lineage = Lineage(
        pipeline="1",
        preprocessing="p" * 200,
        policy_name="p" * 100,
        policy_sha256="ef" * 32,
        media_sha256=FACTS.sha256,
        model=MODEL,
        calibration="c" * 100,
        provenance="r" * 200,
    )
    verdict = Verdict(
        verdict_id="v" * 36,
        upload_id=UPLOAD.upload_id,
        tenant=UPLOAD.tenant,
        label=Label.SUSPECT,
        action=Action.REVIEW,
        fake_probability=CHANCE,
        reasons=tuple(Reason),
        lineage=lineage,
        announced_at=NOON,
        decided_at=NOON,
        tracks=tuple(a_track(number) for number in range(TRACKS)),
        media=replace(FACTS, warnings=("w" * 40,) * 10),
        provenance=FULLEST,
        face_pack="k" * 500,
        supersedes="v" * 36,
        action_because=("c" * LONGEST_CONDITION,) * 2,
    )
    sent = REACHED.encode(VerdictReached(verdict=verdict), topic="t", upload_id="u1", at=NOON)
    assert LIMIT_BYTES // 4 < len(sent.value) <= LIMIT_BYTES
