"""Puts together what finds faces and what follows them, as a decoder process needs it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from inference.crops import CROP_SIDE
from inference.detectors import load_detector
from inference.extraction import Follow, Followed
from inference.frames import DecodingLimits, Frame
from inference.preprocessing import preprocessing
from inference.tracks import FaceFollower
from inference.wire import FaceSearch


def follower(search: FaceSearch, limits: DecodingLimits) -> tuple[Follow, str]:
    """Load a detector and try it on an empty frame; also the name of the preprocessing.

    Raises:
        InvalidConfiguration: the detector's file is missing, or is none that is known here.
    """
    detector, name = load_detector(search.detector, smallest_face=search.smallest_face)
    detector.detect(np.zeros((240, 320, 3), np.uint8))

    def follow(frames: Iterable[Frame]) -> Followed:
        following = FaceFollower(
            detector, crops_per_track=search.crops_per_track, max_tracks=search.tracks
        )
        latest = 0.0
        for frame in frames:
            latest = max(latest, frame.at_seconds)  # a broken clock may step back, people do not
            following.add(latest, frame.pixels)
        tracks, kept = following.finish()
        empty = np.empty((0, CROP_SIDE, CROP_SIDE, 3), np.uint8)
        return Followed(
            tracks=tracks,
            crops=tuple(crop for crop, _ in kept),
            pixels=np.stack([pixels for _, pixels in kept]) if kept else empty,
        )

    return follow, preprocessing(name, search, limits)
