"""A frame at half its size, at a quarter and so on, so that whoever needs it small reads little."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inference.faces.boxes import Boxes, cut, resized

# A box is cut where it is at least so many times as large as its patch: rounding its
# edges to whole pixels then moves them by a quarter of a pixel of the patch at most.
_CUT_FROM = 2


class Halves:
    """A frame (H W 3, uint8), reduced step by step, each step made when it is first asked for.

    To take the mean of 2 by 2 pixels is an order of magnitude faster than of any other area (sides
    that are odd are rounded up, and slower), and the mean of means is the mean: reducing a half
    once more gives what reducing the frame does, to a grey value or two.
    """

    def __init__(self, frame: NDArray[np.uint8]) -> None:
        self._steps = [frame]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the frame."""
        height, width = self._steps[0].shape[:2]
        return height, width

    def resized(self, width: int, height: int) -> NDArray[np.uint8]:
        """The frame at a smaller size; each new pixel is the mean of the area it covers."""
        full_height, full_width = self.size
        factor = min(full_width / width, full_height / height)
        return resized(self._step(_halvings(factor)), width, height)

    def cut(self, boxes: Boxes, *, size: int) -> NDArray[np.uint8]:
        """Cut boxes (N 4, squares, pixels of the frame) out and reduce or enlarge each to `size`.

        Returns patches (N size size 3, uint8); what lies outside the frame is black.
        """
        patches = np.empty((len(boxes), size, size, 3), np.uint8)
        sides = boxes[:, 2] - boxes[:, 0]
        steps = np.array([_halvings(side / (_CUT_FROM * size)) for side in sides.tolist()])
        for step in np.unique(steps).tolist():
            chosen = np.flatnonzero(steps == step)
            reduced = self._step(step)
            scale = np.array(reduced.shape[1::-1] * 2, np.float32) / (self.size[::-1] * 2)
            patches[chosen] = cut(reduced, boxes[chosen] * scale, size=size)
        return patches

    def _step(self, wanted: int) -> NDArray[np.uint8]:
        """The frame halved so many times."""
        while len(self._steps) <= wanted:
            height, width = self._steps[-1].shape[:2]
            self._steps.append(resized(self._steps[-1], -(-width // 2), -(-height // 2)))
        return self._steps[wanted]


def _halvings(factor: float) -> int:
    """How often a side may be halved without falling below its `factor`-th part."""
    return max(int(np.frexp(factor)[1]) - 1, 0)
