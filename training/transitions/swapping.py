"""Forges the frames of a clip one by one, so that a little trembles, as swaps do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from moderation.tracks import Face, Landmarks
from training.augmentation import alter
from training.blending.forging import (
    affine_between,
    blend,
    deform,
    outline,
    put_on,
    region_mask,
    shake,
    soften,
)

Pixels = NDArray[np.uint8]

_REGIONS = ("hull", "inner", "lower")  # what frame-wise methods replace
_REGION_CHANCES = (0.7, 0.2, 0.1)
_FLICKER_BLUR = 1.2  # pixels; a blur leaves 1 / (2 sqrt(pi) blur) of the noise's deviation
_CHANNELS = 8  # of tremor: x, y, turn, growth, softness, three colours


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """How one track is forged. `seed` fixes all that stays the same in every frame.

    `tremor` (8): deviations of shift x and y and growth (shares of the face's side), turn
    (radians), the mask's strength, and red, green and blue (levels). `lasting`: how
    much of a frame's tremor the next one keeps, 0 to 1. `painted`: the source does not
    have the camera's noise but, as what a network paints, `flicker` (levels) of its own,
    and shows what the face did `lag` frames ago. `donor`: another face, and where.
    """

    seed: int
    region: str
    share: float
    tremor: NDArray[np.float64]
    lasting: float
    painted: bool
    flicker: float
    lag: float
    target_altered: bool
    donor: tuple[Pixels, Landmarks] | None

    @classmethod
    def draw(cls, rng: np.random.Generator, donor: tuple[Pixels, Landmarks] | None) -> Swap:
        def deviation(least: float, most: float) -> float:
            return float(np.exp(rng.uniform(np.log(least), np.log(most))))

        shift, colour = deviation(4e-4, 1.2e-2), deviation(0.1, 3.0)
        sizes = [shift, shift, deviation(4e-4, 1e-2), deviation(4e-4, 1e-2), deviation(2e-3, 0.08)]
        return cls(
            seed=int(rng.integers(1 << 31)),
            region=str(rng.choice(_REGIONS, p=_REGION_CHANCES)),
            share=float(rng.choice((0.75, 1.0, 1.0, 1.0))),
            tremor=np.array([*sizes, colour, 0.5 * colour, 0.5 * colour]),
            lasting=float(rng.uniform(0, 0.7)),
            painted=bool(rng.random() < 0.6),
            flicker=deviation(0.05, 2.0),
            lag=float(rng.uniform(0, 0.8)) if rng.random() < 0.5 else 0.0,
            target_altered=bool(rng.random() < 0.3),
            donor=donor,
        )

    def offsets(self, frames: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """The tremor of each frame of a run (frames 8): a first-order autoregression."""
        drawn = rng.normal(0, 1, (frames, _CHANNELS))
        for number in range(1, frames):
            fresh = np.sqrt(1 - self.lasting**2)
            drawn[number] = self.lasting * drawn[number - 1] + fresh * drawn[number]
        return np.asarray(drawn * self.tremor)


class Forger:
    """Forges the frames of one run; the mask is drawn once and follows the face."""

    def __init__(self, swap: Swap, first: Pixels, face: Face) -> None:
        self._swap = swap
        self._landmarks = np.array(face.landmarks)
        self._side = max(face.box_xyxy[2] - face.box_xyxy[0], face.box_xyxy[3] - face.box_xyxy[1])
        rng = np.random.default_rng(swap.seed)
        mask = region_mask(first.shape[:2], outline(face.landmarks, swap.region))
        mask = deform(mask, self._side, rng)
        self._mask = soften(mask, self._side, rng)

    def forge(
        self,
        seen: Pixels,
        face: Face,
        offset: NDArray[np.float64],
        clean: tuple[Pixels, Face],
        rng: np.random.Generator,
    ) -> Pixels:
        """One frame (H W 3, uint8, RGB), as the camera gave it, forged.

        `clean`: the same without noise, `lag` frames ago, and where the face was then.
        """
        there = np.array(face.landmarks)
        off = _affine(there.mean(0), offset[:4], self._side)
        follow = np.vstack([affine_between(self._landmarks, there), (0, 0, 1)])
        mask = _warped(self._mask, (np.vstack([off, (0, 0, 1)]) @ follow)[:2])
        source = self._painted(*clean, face, rng) if self._swap.painted else seen
        if self._swap.donor is not None:
            donor, landmarks = self._swap.donor
            source = put_on(donor, landmarks, source, face.landmarks)
        source, target = self._sides(np.asarray(_warped(source, off), np.uint8), seen)
        lasting = np.random.default_rng(self._swap.seed + 1)
        source, mask = shake(source, np.asarray(mask, np.float32), self._side, lasting)
        source = np.clip(source + offset[5:].astype(np.float32) + 0.5, 0, 255).astype(np.uint8)
        strength = np.clip(self._swap.share * (1 + offset[4]), 0, 1)
        return blend(source, target, (mask * strength).astype(np.float32))

    def _sides(self, source: Pixels, target: Pixels) -> tuple[Pixels, Pixels]:
        """One of the two altered, alike in every frame."""
        lasting = np.random.default_rng(self._swap.seed + 2)
        if self._swap.target_altered:
            return source, alter(target, lasting)
        return alter(source, lasting), target

    def _painted(self, clean: Pixels, was: Face, face: Face, rng: np.random.Generator) -> Pixels:
        """What a network paints where the face is now: a moment late, and with its own flicker."""
        onto = affine_between(np.array(was.landmarks), np.array(face.landmarks))
        noise = cv2.GaussianBlur(
            rng.standard_normal(clean.shape, np.float32), (0, 0), _FLICKER_BLUR
        )
        grain = self._swap.flicker * 2 * np.sqrt(np.pi) * _FLICKER_BLUR * noise
        return np.asarray(np.clip(_warped(clean, onto) + grain + 0.5, 0, 255), np.uint8)


def _warped(picture: NDArray[Any], onto: NDArray[np.float64]) -> NDArray[Any]:
    size = picture.shape[1::-1]
    return np.asarray(cv2.warpAffine(picture, onto, size, borderMode=cv2.BORDER_REFLECT_101))


def _affine(
    middle: NDArray[np.float64], values: NDArray[np.float64], side: float
) -> NDArray[np.float64]:
    """Shift x and y (shares of the side), turn and growth about a point, as 2 3."""
    x, y, turn, growth = values
    linear = np.array([[1 + growth, -turn], [turn, 1 + growth]])
    return np.column_stack([linear, middle - linear @ middle + np.array([x, y]) * side])
