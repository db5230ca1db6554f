"""What is done to frames between decoding and looking for faces, to both classes alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import distortions
from benchmarks.distortions import DISTORTIONS, Distortion, Strength
from inference.boxes import resized
from inference.frames import Frame
from inference.ports import FaceDetector
from moderation.errors import InvalidConfiguration

Change = Callable[[Iterable[Frame]], Iterable[Frame]]

_FRAMES_PER_SECOND = 25.0  # of a single frame, where nothing depends on it


@dataclass(frozen=True, slots=True, kw_only=True)
class Half:
    """The left or the right half of each frame; the whole where `region` is empty."""

    region: str

    def __call__(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        for frame in frames:
            middle = frame.pixels.shape[1] // 2
            spans = {"left": slice(0, middle), "right": slice(middle, None)}
            span = spans.get(self.region, slice(None))
            yield replace(frame, pixels=np.ascontiguousarray(frame.pixels[:, span]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Equalise:
    """Every frame through one size and one JPEG setting, whatever it came with.

    A generator's pictures come from one source with its own size and codec; a detector of the
    source would pass for one of the forgery. `longer_side` in pixels, smaller ones are enlarged.
    """

    longer_side: int
    quality: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `256,75`.

        Raises:
            InvalidConfiguration: it is not that.
        """
        try:
            longer_side, quality = (int(part) for part in text.split(","))
        except ValueError as error:
            raise InvalidConfiguration(f"--equalise {text}: say SIDE,QUALITY as 256,75") from error
        if not (32 <= longer_side <= 8192 and 1 <= quality <= 100):
            raise InvalidConfiguration(f"--equalise {text}: side 32 to 8192, quality 1 to 100")
        return cls(longer_side=longer_side, quality=quality)

    def __call__(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        for frame in frames:
            yield replace(frame, pixels=self._one(frame.pixels))

    def _one(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        height, width = pixels.shape[:2]
        scale = self.longer_side / max(height, width)
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        if scale <= 1:
            sized = resized(pixels, *size)
        else:
            sized = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC), np.uint8)
        bgr = cv2.cvtColor(sized, cv2.COLOR_RGB2BGR)
        _, coded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, self.quality])
        decoded = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
        return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Distort:
    """A distortion of the robustness suite, on the frames that were sampled.

    They are held in memory together. Frames of a video that lie seconds apart are coded as such
    by the video codecs, so those come out harder than on the whole video, never milder.
    """

    distortion: Distortion
    detector: FaceDetector

    def __call__(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        held = list(frames)
        if not held:
            return
        on_faces = DISTORTIONS[self.distortion.kind].on_faces
        faces = [self.detector.detect(frame.pixels) for frame in held] if on_faces else None
        step = _step_seconds(held)
        before = distortions.Clip(
            frames=[frame.pixels for frame in held], frames_per_second=1 / step, faces=faces
        )
        after = distortions.shown(self.distortion.apply(before))
        start, step = held[0].at_seconds, 1 / after.frames_per_second
        for number, pixels in enumerate(after.frames):
            yield Frame(at_seconds=start + number * step, pixels=np.ascontiguousarray(pixels))


def parse_distortion(text: str, *, seed: int = 0) -> Distortion:
    """From `jpeg:strong`.

    Raises:
        InvalidConfiguration: there is no such kind, or not at that strength.
    """
    kind, _, strength = text.partition(":")
    try:
        return Distortion(kind=kind, strength=Strength(strength), seed=seed)
    except ValueError as error:
        raise InvalidConfiguration(f"--distort {text}: {error}") from error


def in_turn(changes: Iterable[Change]) -> Change:
    """All of them, the first one first."""
    listed = list(changes)

    def change(frames: Iterable[Frame]) -> Iterable[Frame]:
        for one in listed:
            frames = one(frames)
        return frames

    return change


def _step_seconds(frames: list[Frame]) -> float:
    gaps = [b.at_seconds - a.at_seconds for a, b in pairwise(frames)]
    return max(median(gaps), 1e-3) if gaps else 1 / _FRAMES_PER_SECOND
