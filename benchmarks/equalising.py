"""Brings frames of every source to one size and one JPEG setting, both classes alike.

A generator's pictures come from one source with its own size, framing and codec; a detector of
the source would pass for one of the forgery.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from statistics import median
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.faces.boxes import resized
from inference.faces.detectors import load_detector
from inference.ports import FaceDetector
from inference.reading.frames import Frame
from moderation.errors import InvalidConfiguration
from moderation.tracks import Face

_OF_FACE = "face:"
_SEARCHED = 16  # frames of a video, about, whose median face sets the scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Equalise:
    """Every frame so that a side has so many pixels, then through JPEG; smaller ones are enlarged.

    `side`: of the longer side of the frame; with `of_face` of the shorter side of the largest
    face, as sources frame faces differently, and size shows in a crop as blur. Frames of a
    video keep one scale, so they are held in memory together then.
    """

    side: int
    quality: int
    of_face: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `256,75` or `face:128,75`.

        Raises:
            InvalidConfiguration: it is neither.
        """
        try:
            side, quality = (int(part) for part in text.removeprefix(_OF_FACE).split(","))
        except ValueError as error:
            raise InvalidConfiguration(
                f"--equalise {text}: say SIDE,QUALITY as 256,75 or face:128,75"
            ) from error
        if not (32 <= side <= 8192 and 1 <= quality <= 100):
            raise InvalidConfiguration(f"--equalise {text}: side 32 to 8192, quality 1 to 100")
        return cls(side=side, quality=quality, of_face=text.startswith(_OF_FACE))

    def __call__(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        if not self.of_face:
            for frame in frames:
                scale = self.side / max(frame.pixels.shape[:2])
                yield replace(frame, pixels=self._one(frame.pixels, scale))
            return
        held = list(frames)
        searched = held[:: max(len(held) // _SEARCHED, 1)]
        sizes = [size for frame in searched if (size := _largest_face(frame.pixels))]
        scale = self.side / median(sizes) if sizes else 1.0
        for frame in held:
            yield replace(frame, pixels=self._one(frame.pixels, scale))

    def _one(self, pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
        height, width = pixels.shape[:2]
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        if scale <= 1:
            sized = resized(pixels, *size)
        else:
            sized = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC), np.uint8)
        bgr = cv2.cvtColor(sized, cv2.COLOR_RGB2BGR)
        _, coded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, self.quality])
        decoded = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
        return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)


def _largest_face(pixels: NDArray[np.uint8]) -> float:
    """The shorter side of the largest face, in pixels; 0 where there is none."""
    return max((_shorter_side(face) for face in _detector().detect(pixels)), default=0.0)


def _shorter_side(face: Face) -> float:
    left, top, right, bottom = face.box_xyxy
    return min(right - left, bottom - top)


@cache
def _detector() -> FaceDetector:
    """The one that serving uses; one for each process."""
    return load_detector(None)[0]
