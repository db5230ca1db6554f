"""Notices where one shot of a video ends and another begins."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

# Of 120 pairs of frames from one clip of YouTube Faces none, of pairs from two clips
# 83 in 100 fall below both.
_COLOURS_ALIKE, _PICTURES_ALIKE = 0.7, 0.7


class ShotBoundaries:
    """Compares each frame with the one before."""

    def __init__(self) -> None:
        self._before: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None

    def begins(self, frame: NDArray[np.uint8]) -> bool:
        """Whether a new shot begins with this frame (H W 3, uint8, RGB); the first begins none."""
        before, self._before = self._before, _impression(frame)
        if before is None:
            return False
        colours, pictures = (
            float(old @ new) for old, new in zip(before, self._before, strict=True)
        )
        return colours < _COLOURS_ALIKE and pictures < _PICTURES_ALIKE


def _impression(frame: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Colours wherever they are (512), and lightness where it is (256), each of length 1.

    A camera that moves keeps the colours; light that changes keeps the picture.
    """
    small = cv2.resize(frame, (64, 64), interpolation=cv2.INTER_AREA)
    bins = [8, 8, 8]
    colours = cv2.calcHist([small], [0, 1, 2], None, bins, [0, 256] * 3).ravel()
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    picture = cv2.resize(grey, (16, 16), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    return _unit(np.sqrt(colours)), _unit(picture - picture.mean() + 1e-3)


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-6), np.float32)
