"""Puts together what finds faces and what follows them, as a decoder process needs it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from inference.crops import ALIGNMENT, align, measure
from inference.extraction import Follow, Followed
from inference.frames import Frame
from inference.mtcnn import MtcnnDetector
from inference.wire import FaceSearch
from moderation.errors import InvalidConfiguration
from moderation.tracks import Crop, Track


def follower(search: FaceSearch) -> tuple[Follow, str]:
    """Build the follower of a search, tried on an empty frame; also the name of its preprocessing.

    Raises:
        InvalidConfiguration: the detector's file is missing, or is none.
    """
    if search.detector is not None:
        raise InvalidConfiguration(f"{search.detector.name} is no detector that is known here")
    detector = MtcnnDetector(smallest_face=search.smallest_face)
    detector.detect(np.zeros((240, 320, 3), np.uint8))

    def follow(frames: Iterable[Frame]) -> Followed:
        """Take the best face of each frame for one person's (until tracks are followed)."""
        crops: list[Crop] = []
        pixels: list[NDArray[np.uint8]] = []
        for frame in frames:
            for face in detector.detect(frame.pixels)[:1]:
                crop = align(frame.pixels, face)
                crops.append(
                    Crop(
                        crop_id=len(crops),
                        track_id=0,
                        at_seconds=frame.at_seconds,
                        box_xyxy=face.box_xyxy,
                        quality=measure(frame.pixels, face, crop),
                    )
                )
                pixels.append(crop)
        if not crops:
            return Followed(tracks=(), crops=(), pixels=np.empty((0, 224, 224, 3), np.uint8))
        track = Track(
            track_id=0,
            first_seconds=crops[0].at_seconds,
            last_seconds=crops[-1].at_seconds,
            frames_seen=len(crops),
        )
        return Followed(tracks=(track,), crops=tuple(crops), pixels=np.stack(pixels))

    return follow, ALIGNMENT
