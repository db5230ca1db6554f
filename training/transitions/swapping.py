"""Forges the frames of a clip one by one, so that a little trembles, as swaps do."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from moderation.tracks import Face, Landmarks
from training.augmentation import alter
from training.blending import (
    REGIONS,
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
_CHANNELS = 8  # of tremor: x, y, turn, growth, softness, three colours


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """How one track is forged. `seed` fixes all that stays the same in every frame.

    `tremor` (8): deviations of shift x and y and growth (shares of the face's side), turn
    (radians), the mask's strength, and red, green and blue (levels). `lasting`: how
    much of a frame's tremor the next one keeps, 0 to 1. `smooths`: the source does not
    have the camera's noise, as what a network paints. `donor`: another face, and where.
    """

    seed: int
    region: str
    share: float
    tremor: NDArray[np.float64]
    lasting: float
    smooths: bool
    target_altered: bool
    donor: tuple[Pixels, Landmarks] | None

    @classmethod
    def draw(cls, rng: np.random.Generator, donor: tuple[Pixels, Landmarks] | None) -> Swap:
        def deviation(least: float, most: float) -> float:
            return float(np.exp(rng.uniform(np.log(least), np.log(most))))

        shift, colour = deviation(1e-3, 1.2e-2), deviation(0.2, 3.0)
        sizes = [shift, shift, deviation(1e-3, 1e-2), deviation(1e-3, 1e-2), deviation(5e-3, 0.08)]
        return cls(
            seed=int(rng.integers(1 << 31)),
            region=str(rng.choice(_REGIONS, p=_REGION_CHANCES)),
            share=float(rng.choice((0.75, 1.0, 1.0, 1.0))),
            tremor=np.array([*sizes, colour, 0.5 * colour, 0.5 * colour]),
            lasting=float(rng.uniform(0, 0.7)),
            smooths=bool(rng.random() < 0.5),
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
        assert swap.region in REGIONS
        mask = region_mask(first.shape[:2], outline(face.landmarks, swap.region))
        mask = deform(mask, self._side, rng)
        self._mask = soften(mask, self._side, rng)

    def forge(self, seen: Pixels, clean: Pixels, face: Face, offset: NDArray[np.float64]) -> Pixels:
        """One frame (H W 3, uint8, RGB), as the camera gave it and without its noise, forged."""
        there = np.array(face.landmarks)
        off = _affine(there.mean(0), offset[:4], self._side)
        height, width = seen.shape[:2]
        follow = np.vstack([affine_between(self._landmarks, there), (0, 0, 1)])
        mask = cv2.warpAffine(
            self._mask, (np.vstack([off, (0, 0, 1)]) @ follow)[:2], (width, height)
        )
        source, target = self._sides(seen, clean, face, off)
        source, mask = shake(
            source,
            np.asarray(mask, np.float32),
            self._side,
            np.random.default_rng(self._swap.seed + 1),
        )
        source = np.clip(source + offset[5:].astype(np.float32) + 0.5, 0, 255).astype(np.uint8)
        strength = np.clip(self._swap.share * (1 + offset[4]), 0, 1)
        return blend(source, target, (mask * strength).astype(np.float32))

    def _sides(
        self, seen: Pixels, clean: Pixels, face: Face, off: NDArray[np.float64]
    ) -> tuple[Pixels, Pixels]:
        height, width = seen.shape[:2]
        source = clean if self._swap.smooths else seen
        if self._swap.donor is not None:
            donor, landmarks = self._swap.donor
            source = put_on(donor, landmarks, source, face.landmarks)
        moved = cv2.warpAffine(source, off, (width, height), borderMode=cv2.BORDER_REFLECT_101)
        source = np.asarray(moved, np.uint8)
        rng = np.random.default_rng(self._swap.seed + 2)
        if self._swap.target_altered:
            return source, alter(seen, rng)
        return alter(source, rng), seen


def _affine(
    middle: NDArray[np.float64], values: NDArray[np.float64], side: float
) -> NDArray[np.float64]:
    """Shift x and y (shares of the side), turn and growth about a point, as 2 3."""
    x, y, turn, growth = values
    linear = np.array([[1 + growth, -turn], [turn, 1 + growth]])
    return np.column_stack([linear, middle - linear @ middle + np.array([x, y]) * side])
