"""What is done to frames between decoding and looking for faces, to both classes alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

import numpy as np

from benchmarks import distortions
from benchmarks.distortions import DISTORTIONS, Distortion, Strength
from datasets.regions import part_of
from inference.ports import FaceDetector
from inference.reading.frames import Frame
from moderation.errors import InvalidConfiguration

Change = Callable[[Iterable[Frame]], Iterable[Frame]]

_FRAMES_PER_SECOND = 25.0  # of a single frame, where nothing depends on it


@dataclass(frozen=True, slots=True, kw_only=True)
class Half:
    """The left or the right half of each frame; the whole where `region` is empty."""

    region: str

    def __call__(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        for frame in frames:
            pixels = np.ascontiguousarray(part_of(frame.pixels, self.region))
            yield replace(frame, pixels=pixels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Distort:
    """A distortion of the robustness suite, on the frames that were sampled.

    They are held in memory together. Frames of a video that lie seconds apart are coded as such
    by the video codecs, so those come out harder than on the whole video, never milder.

    Each frame keeps its own time, because sampling is uneven and detectors look at frames that
    are close. What acts in time gets new times, evenly spread.
    """

    distortion: Distortion
    detector: FaceDetector

    def __call__(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        held = list(frames)
        if not held:
            return
        kind = DISTORTIONS[self.distortion.kind]
        faces = [self.detector.detect(frame.pixels) for frame in held] if kind.on_faces else None
        step = _step_seconds(held)
        before = distortions.Clip(
            frames=[frame.pixels for frame in held], frames_per_second=1 / step, faces=faces
        )
        after = distortions.shown(self.distortion.apply(before))
        times = [frame.at_seconds for frame in held]
        if kind.in_time or len(after.frames) != len(held):
            step = 1 / after.frames_per_second
            times = [times[0] + number * step for number in range(len(after.frames))]
        for at_seconds, pixels in zip(times, after.frames, strict=True):
            yield Frame(at_seconds=at_seconds, pixels=np.ascontiguousarray(pixels))


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
