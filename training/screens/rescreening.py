"""Takes a picture of a picture on a display: pixel grid, moiré, glare, a second camera."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def rescreen(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Show a picture (H W 3, uint8, RGB) on a display and photograph it; same size.

    Each of its pixels becomes a triple of red, green and blue stripes with dark gaps; a
    camera that stands a little askew samples them at another pitch.
    """
    height, width = pixels.shape[:2]
    cell = int(rng.integers(3, 5))
    shown = cv2.resize(pixels, None, fx=cell, fy=cell, interpolation=cv2.INTER_NEAREST)
    lit = shown.astype(np.float32) * _grid(height, width, cell, rng.uniform(0.25, 0.9))
    taken = cv2.warpPerspective(
        cv2.GaussianBlur(lit, (0, 0), cell * rng.uniform(0.12, 0.4)),
        _askew(height, width, cell, rng),
        (width, height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    taken = taken * (pixels.mean() + 1) / (taken.mean() + 1)
    glare = _glare(height, width, rng) * rng.uniform(0, 60)
    cast = rng.uniform(0.9, 1.1, 3)
    return np.asarray(np.clip(taken * cast + glare[..., None] + 0.5, 0, 255), np.uint8)


def _grid(height: int, width: int, cell: int, depth: float) -> NDArray[np.float32]:
    """How much light each stripe lets through: 1, or less by `depth` between pixels."""
    stripe = np.full((cell, cell, 3), 1 - depth, np.float32)
    for colour in range(3):
        place = colour * cell // 3
        stripe[: cell - 1, place : place + max(cell // 3, 1), colour] = 1
    return np.tile(stripe, (height, width, 1))


def _askew(height: int, width: int, cell: int, rng: np.random.Generator) -> NDArray[np.float64]:
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    off = rng.uniform(-0.035, 0.035, (4, 2)) * (width, height)
    matrix = cv2.getPerspectiveTransform(corners * cell, (corners + off).astype(np.float32))
    return np.asarray(matrix)


def _glare(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float32]:
    spot = rng.uniform(0, 1, (3, 3)).astype(np.float32) ** 3
    return np.asarray(cv2.resize(spot, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 1))
