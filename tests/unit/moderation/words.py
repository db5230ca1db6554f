"""Builders for judging; a test names only what it cares about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import log

from moderation.fusion import Family, Fusion
from moderation.media import MediaKind
from moderation.scores import CropScore
from moderation.tracks import Crop, CropQuality, Track
from tests.builders import FACTS

GOOD = CropQuality(face_pixels=120, sharpness=200, frontality=0.9, detector_score=0.99)
IMAGE = FACTS
VIDEO = replace(FACTS, kind=MediaKind.VIDEO, duration_seconds=10.0, frames_sampled=32)
PLAIN = Fusion(id="plain", families=(Family(finds="manipulated", weights={"blending": 1.0}),))


def logit(probability: float) -> float:
    return log(probability / (1.0 - probability))


def a_score(
    probability: float,
    *,
    track_id: int = 0,
    crop_id: int = 0,
    quality: CropQuality = GOOD,
    distance: float | None = None,
    screens: Mapping[str, float] | None = None,
) -> CropScore:
    """One whose logit alone is this probability, by the fusion PLAIN."""
    crop = Crop(
        crop_id=crop_id,
        track_id=track_id,
        at_seconds=float(crop_id),
        box_xyxy=(0.0, 0.0, 10.0, 10.0),
        quality=quality,
    )
    return CropScore(
        crop=crop,
        logits={"blending": logit(probability)},
        embedding_distance=distance,
        screens=screens or {},
    )


def a_track(track_id: int = 0, *, frames_seen: int = 10) -> Track:
    return Track(track_id=track_id, first_seconds=0.0, last_seconds=9.0, frames_seen=frames_seen)
