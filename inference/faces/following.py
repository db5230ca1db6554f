"""Puts together what finds faces and what follows them, as a decoder process needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.faces.crops import CROP_SIDE
from inference.faces.detectors import load_detector
from inference.faces.preprocessing import preprocessing
from inference.faces.search import FaceSearch
from inference.faces.tracks import FaceFollower
from inference.reading.frames import DecodingLimits, Frame
from moderation.tracks import Crop, Track


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """The people in a media; `pixels` (N 224 224 3, uint8, RGB) in the order of `crops`."""

    tracks: tuple[Track, ...]
    crops: tuple[Crop, ...]
    pixels: NDArray[np.uint8]


Follow = Callable[[Iterable[Frame]], Followed]


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
