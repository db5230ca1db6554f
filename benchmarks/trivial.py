"""Scores that know nothing of forgeries: what a set gives away by its sizes and codecs alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.reading.frames import Frame
from moderation.tracks import Crop

_GRID = 8  # JPEG's and H.264's blocks
_QUALITY = 75


@dataclass(slots=True, kw_only=True)
class Onlooker:
    """Lets frames pass, and keeps what is trivial to say of them.

    `frame_pixels`: longer side. `blockiness`: how much larger steps between neighbours are on
    the grid of 8 pixels than beside it (Wang, Sheikh and Bovik, 2002, without their exponents).
    `sizes`: whether `frame_pixels` is told. Where faces were brought to one size it says how they
    were framed, and of that a detector of crops sees nothing.
    """

    sizes: bool = True
    seen: list[dict[str, float]] = field(default_factory=list)

    def __call__(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        for frame in frames:
            told = {"blockiness": blockiness(frame.pixels)}
            if self.sizes:
                told["frame_pixels"] = float(max(frame.pixels.shape[:2]))
            self.seen.append(told)
            yield frame

    def scores(self) -> dict[str, float]:
        """Means over the frames; empty when there were none."""
        names = self.seen[0] if self.seen else {}
        return {name: fmean(one[name] for one in self.seen) for name in names}


def of_crops(crops: Sequence[Crop], pixels: NDArray[np.uint8]) -> dict[str, float]:
    """Means over the crops of a face; `pixels` (N 224 224 3) are those of the whole medium.

    `bits_per_pixel`: of a crop stored as JPEG at 75, so how much detail and noise it holds.
    """
    if not crops:
        return {}
    return {
        "bits_per_pixel": fmean(bits_per_pixel(pixels[crop.crop_id]) for crop in crops),
        "sharpness": fmean(crop.quality.sharpness for crop in crops),
        "face_pixels": fmean(crop.quality.face_pixels for crop in crops),
    }


def blockiness(pixels: NDArray[np.uint8]) -> float:
    """The mean step across block borders over that inside of blocks; 1 without blocks (H W 3)."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.int16)
    ratios = [_ratio(np.abs(np.diff(grey, axis=axis)).mean(axis=1 - axis)) for axis in (0, 1)]
    return fmean(ratios)


def _ratio(steps: NDArray[np.float64]) -> float:
    on_grid = np.arange(1, len(steps) + 1) % _GRID == 0
    if not on_grid.any():
        return 1.0
    return float((steps[on_grid].mean() + 1) / (steps[~on_grid].mean() + 1))


def bits_per_pixel(pixels: NDArray[np.uint8]) -> float:
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    _, coded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return float(8 * len(coded) / (pixels.shape[0] * pixels.shape[1]))
