"""What YuNet and SCRFD share: frames filled up to whole cells, and faces read off a grid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inference.faces.boxes import Boxes, suppress
from inference.faces.mtcnn import as_face
from moderation.tracks import Face

STRIDES = (8, 16, 32)
_MOST_CANDIDATES = 2000
_OVERLAP = 0.4


def filled_up(
    frame: NDArray[np.uint8], *, size: tuple[int, int] | None = None
) -> NDArray[np.uint8]:
    """The frame (H W 3, uint8) at the top left of a black one (1 H W 3).

    Its height and width are those of `size`, or the next multiples of 32.
    """
    height, width = frame.shape[:2]
    rows, columns = size or (-(-height // 32) * 32, -(-width // 32) * 32)
    filled = np.zeros((1, rows, columns, 3), np.uint8)
    filled[0, :height, :width] = frame
    return filled


def grid(height: int, width: int, *, stride: int, repeated: int = 1) -> NDArray[np.float32]:
    """Column and row (N 2) of each cell of a picture, row by row, each so often."""
    rows, columns = np.mgrid[: height // stride, : width // stride]
    cells = np.stack([columns, rows], axis=-1).reshape(-1, 2)
    return np.repeat(cells, repeated, axis=0).astype(np.float32)


def faces_from(
    boxes: Boxes,
    points: NDArray[np.float32],
    scores: NDArray[np.float32],
    *,
    above: float,
    scale: float,
) -> list[Face]:
    """The faces above a score that no better one overlaps, best first.

    `points` is N 5 2; coordinates are divided by `scale`.
    """
    passed = np.flatnonzero(scores > above)
    passed = passed[np.argsort(-scores[passed], kind="stable")[:_MOST_CANDIDATES]]
    passed = passed[suppress(boxes[passed], scores[passed], above=_OVERLAP)]
    return [as_face(boxes[i] / scale, points[i] / scale, scores[i]) for i in passed]
