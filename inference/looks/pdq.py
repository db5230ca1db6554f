"""PDQ, a perceptual hash of pictures (Facebook, 2019: "The TMK+PDQF Video-Hashing Algorithm and
the PDQ Image-Hashing Algorithm"), in NumPy: its bindings have no wheels for our Pythons.

When two hashes are alike is said in `moderation.looks`.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from moderation.looks import BITS, LARGEST_DISTANCE

SIDE = 64

_KEPT = 16
# The paper's section on PDQ advises to reduce large pictures to 512 by 512 before they are hashed.
_LARGEST_SIDE = 512
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_QUALITY_DIVISOR = 90  # from the reference implementation; quality ends at 100


def _cosines() -> NDArray[np.float64]:
    """Rows 1 to 16 of the type II cosine transform of 64 values (16 64); row 0 is the mean."""
    frequency = np.arange(1, _KEPT + 1)[:, None]
    position = 2 * np.arange(SIDE)[None, :] + 1
    return np.asarray(np.sqrt(2 / SIDE) * np.cos(np.pi / (2 * SIDE) * frequency * position))


_TRANSFORM = _cosines()


def pdq(picture: NDArray[np.uint8]) -> tuple[bytes, int]:
    """The hash (32 bytes) and the quality (0 to 100) of a picture (H W 3, uint8, RGB)."""
    luma = np.asarray(_bounded(picture).astype(np.float32) @ _LUMA)
    small = _reduced(_reduced_rows_and_columns(luma))
    spectrum = _TRANSFORM @ small @ _TRANSFORM.T  # 16 16
    median = np.sort(spectrum, axis=None)[BITS // 2 - 1]  # the lower one, as the reference has it
    bits = (spectrum > median).ravel()
    return np.packbits(bits[::-1]).tobytes(), _quality(small)


def _bounded(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """No side over 512: as floats a telephone's picture would take a gigabyte."""
    height, width = picture.shape[:2]
    if max(height, width) <= _LARGEST_SIDE:
        return picture
    size = (min(width, _LARGEST_SIDE), min(height, _LARGEST_SIDE))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _reduced_rows_and_columns(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Two passes of a box filter that is as wide as half of a cell of the 64 by 64 grid."""
    height, width = luma.shape
    across, down = _window(width), _window(height)
    anchor = (across - (across + 2) // 2, down - (down + 2) // 2)
    weights = _boxed(np.ones_like(luma), (across, down), anchor)
    for _ in range(2):
        luma = _boxed(luma, (across, down), anchor) / weights
    return luma


def _window(length: int) -> int:
    return (length + 2 * SIDE - 1) // (2 * SIDE)


def _boxed(
    values: NDArray[np.float32], size: tuple[int, int], anchor: tuple[int, int]
) -> NDArray[np.float32]:
    """Sums over a window that ends at the border."""
    return np.asarray(
        cv2.boxFilter(
            values, cv2.CV_32F, size, anchor=anchor, normalize=False, borderType=cv2.BORDER_CONSTANT
        ),
        np.float32,
    )


def _reduced(luma: NDArray[np.float32]) -> NDArray[np.float64]:
    """The values at the centres of a 64 by 64 grid."""
    height, width = luma.shape
    rows = ((np.arange(SIDE) + 0.5) * height / SIDE).astype(int)
    columns = ((np.arange(SIDE) + 0.5) * width / SIDE).astype(int)
    return luma[np.ix_(rows, columns)].astype(np.float64)


def _quality(small: NDArray[np.float64]) -> int:
    """How much there is to hash: the sum of gradients, in whole percents of full contrast."""
    steps = [np.trunc(np.diff(small, axis=axis) * 100 / 255) for axis in (0, 1)]
    total = sum(float(np.abs(step).sum()) for step in steps)
    return min(int(total) // _QUALITY_DIVISOR, 100)


def pairs_within(
    hashes: NDArray[np.uint8], distance: int = LARGEST_DISTANCE, block: int = 2048
) -> NDArray[np.int64]:
    """Pairs (K 2, the smaller index first) of hashes (N 32, uint8) that differ in few bits.

    Every pair is compared, as a product of matrices of ±1: 10,000 hashes take two seconds.
    """
    signs = np.unpackbits(hashes, axis=1).astype(np.float32) * 2 - 1  # N 256
    least = BITS - 2 * distance
    found = [np.empty((0, 2), np.int64)]
    for start in range(0, len(signs), block):
        rows = signs[start : start + block]
        for other in range(start, len(signs), block):
            one, two = np.nonzero(rows @ signs[other : other + block].T >= least)
            pairs = np.stack([one + start, two + other], axis=1)
            found.append(pairs[pairs[:, 0] < pairs[:, 1]])
    return np.concatenate(found)
