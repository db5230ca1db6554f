"""Clips that stand side by side in one frame: the part of the frame that is meant."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def part_of(frame: NDArray[np.uint8], region: str) -> NDArray[np.uint8]:
    """The `left` or the `right` half of a frame (H W 3), by a view; of any other region all."""
    middle = frame.shape[1] // 2
    spans = {"left": slice(0, middle), "right": slice(middle, None)}
    return frame[:, spans.get(region, slice(None))]
