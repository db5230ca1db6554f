"""Makes tracks to learn from: bursts of a face that moves, and of the same face swapped.

Both are worn alike: the same camera noise, the same compression with the same quantiser.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.faces import facepack
from inference.faces.crops import align
from inference.reading.bursts import BURST
from moderation.tracks import Face, Landmarks
from training.augmentation import coarsen, jpeg, through_h264
from training.blending.pairs import PairSettings
from training.patches import Entry, mirrored, moved
from training.transitions.motion import Motion, Moving
from training.transitions.swapping import Forger, Swap

Pixels = NDArray[np.uint8]

BURSTS = 3  # of a clip, as serving keeps of sixteen crops
_SECONDS_BETWEEN = 2.0
_RATE = 30  # frames a second
_DONOR_SHARE = 0.3
_FROM_THE_KEY = 0.4  # how often a burst begins with a key frame
_REPEATED = 0.12  # how often a frame is shown twice
_DETECTOR_TREMOR = (0.003, 0.02)  # least and most deviation of a box, shares of its side


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """What serving would keep: `pixels` (N 224 224 3, uint8, RGB) and when (N)."""

    pixels: Pixels
    at_seconds: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """What a track goes through: noise (levels), loss of detail, and the quantiser, if any."""

    noise: float
    grain: float
    coarsen_by: float | None
    quantiser: int | None
    quality: int | None
    detector_tremor: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Camera:
        least, most = _DETECTOR_TREMOR
        return cls(
            noise=float(np.exp(rng.uniform(np.log(0.3), np.log(5)))),
            grain=float(rng.choice((0.0, 0.5, 0.8))),
            coarsen_by=float(rng.uniform(1.1, 1.8)) if rng.random() < 0.3 else None,
            quantiser=int(rng.integers(18, 37)) if rng.random() < 0.9 else None,
            quality=None if rng.random() < 0.9 else int(rng.integers(60, 98)),
            detector_tremor=float(np.exp(rng.uniform(np.log(least), np.log(most)))),
        )

    def noisy(self, clean: Pixels, rng: np.random.Generator) -> Pixels:
        noise = rng.standard_normal(clean.shape, np.float32)
        if self.grain:  # as demosaicking spreads it
            noise = cv2.GaussianBlur(noise, (0, 0), self.grain) * (1 + 1.5 * self.grain)
        return np.asarray(np.clip(clean + self.noise * noise + 0.5, 0, 255), np.uint8)

    def worn(self, frames: list[Pixels]) -> list[Pixels]:
        """A run of frames, compressed in their order: all but the first are predicted."""
        if self.coarsen_by is not None:
            frames = [coarsen(frame, self.coarsen_by) for frame in frames]
        if self.quality is not None:
            frames = [jpeg(frame, self.quality) for frame in frames]
        return frames if self.quantiser is None else predicted(frames, self.quantiser)


class Clips:
    """A genuine track and its swapped twin for a place in an epoch; the same every time."""

    def __init__(self, scenes: Sequence[Sequence[Entry]], *, seed: int) -> None:
        self._scenes = scenes
        self._seed = seed

    def __len__(self) -> int:
        return len(self._scenes)

    def twins(self, epoch: int, index: int) -> tuple[Track, Track]:
        """The genuine and the swapped track."""
        rng = np.random.default_rng((self._seed, epoch, index))
        scene = self._scenes[index]
        pictures = [scene[int(place)] for place in _cycled(len(scene), BURSTS, rng)]
        sized = _sized(pictures, rng)
        swap = Swap.draw(rng, self._donor(rng))
        camera = Camera.draw(rng)
        off_box = rng.uniform(-1, 1, 4) * PairSettings().jitter
        genuine: list[Pixels] = []
        swapped: list[Pixels] = []
        for pixels, face in sized:
            real, fake, faces = _burst(pixels, face, swap, camera, rng)
            seen = [_detected(face, off_box, camera.detector_tremor, rng) for face in faces]
            genuine += [packed(align(frame, face)) for frame, face in zip(real, seen, strict=True)]
            swapped += [packed(align(frame, face)) for frame, face in zip(fake, seen, strict=True)]
        at_seconds = tuple(
            burst * _SECONDS_BETWEEN + frame / _RATE
            for burst in range(BURSTS)
            for frame in range(BURST)
        )
        return (
            Track(pixels=np.stack(genuine), at_seconds=at_seconds),
            Track(pixels=np.stack(swapped), at_seconds=at_seconds),
        )

    def _donor(self, rng: np.random.Generator) -> tuple[Pixels, Landmarks] | None:
        if rng.random() >= _DONOR_SHARE:
            return None
        scene = self._scenes[int(rng.integers(len(self._scenes)))]
        return scene[0].read(), scene[0].face.landmarks


def predicted(frames: list[Pixels], quantiser: int) -> list[Pixels]:
    """Frames (H W 3, uint8, RGB) through H.264: a key frame, and predicted ones after it.

    With a constant quantiser (0 to 51), so that a clip and its twin lose alike.
    """
    return through_h264(frames, quantiser, rate=_RATE, preset="veryfast", key_every=250)


def _burst(
    pixels: Pixels, face: Face, swap: Swap, camera: Camera, rng: np.random.Generator
) -> tuple[list[Pixels], list[Pixels], list[Face]]:
    """Three frames, genuine and swapped, and where the face is in them."""
    moving = Moving(pixels=pixels, face=face, motion=Motion.draw(rng))
    before = 0 if rng.random() < _FROM_THE_KEY else int(rng.integers(1, 3))
    offsets = swap.offsets(before + BURST, rng)
    forger: Forger | None = None
    real: list[Pixels] = []
    fake: list[Pixels] = []
    faces: list[Face] = []
    for number in range(before + BURST):
        if number and rng.random() < _REPEATED:
            real, fake, faces = [*real, real[-1]], [*fake, fake[-1]], [*faces, faces[-1]]
            continue
        clean, there = moving.frame(number)
        seen = camera.noisy(clean, rng)
        forger = forger or Forger(swap, clean, there)
        real.append(seen)
        late = moving.frame(number - swap.lag) if swap.painted and swap.lag else (clean, there)
        fake.append(forger.forge(seen, there, offsets[number], late, rng))
        faces.append(there)
    return camera.worn(real)[-BURST:], camera.worn(fake)[-BURST:], faces[-BURST:]


def _cycled(count: int, wanted: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return np.resize(rng.permutation(count), wanted)


def _sized(pictures: Sequence[Entry], rng: np.random.Generator) -> list[tuple[Pixels, Face]]:
    """The pictures, mirrored or not, all with a face of one drawn size (never enlarged)."""
    settings = PairSettings()
    mirror = rng.random() < 0.5
    wanted = np.exp(rng.uniform(np.log(settings.smallest_box), np.log(settings.largest_box)))
    sized = []
    for entry in pictures:
        pixels, face = entry.read(), entry.face
        if mirror:
            pixels, face = mirrored(pixels, face)
        left, top, right, bottom = face.box_xyxy
        scale = min(float(wanted / max(right - left, bottom - top)), 1.0)
        if scale < 1:
            reduced = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            pixels, face = np.asarray(reduced, np.uint8), moved(face, (0, 0), scale)
        sized.append((pixels, face))
    return sized


def _detected(
    face: Face, off_box: NDArray[np.float64], tremor: float, rng: np.random.Generator
) -> Face:
    """The face as a detector sees it that is off, and a little otherwise in every frame."""
    left, top, right, bottom = face.box_xyxy
    side = max(right - left, bottom - top)
    box = np.array(face.box_xyxy) + (off_box + rng.normal(0, tremor, 4)) * side
    points = np.array(face.landmarks) + rng.normal(0, 0.5 * tremor * side, (5, 2))
    one, two, three, four, five = ((float(x), float(y)) for x, y in points)
    left, top, right, bottom = box.tolist()
    return replace(
        face, box_xyxy=(left, top, right, bottom), landmarks=(one, two, three, four, five)
    )


def packed(crop: Pixels) -> Pixels:
    """A crop as it comes out of the face pack."""
    return facepack.decoded(facepack.encoded(crop))
