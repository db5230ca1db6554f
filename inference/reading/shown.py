"""Turns a decoded frame into the pixels a viewer sees."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

# A pixel shape beyond this is taken for a broken header.
_WIDEST_PIXEL = 4


def as_shown(
    frame: VideoFrame, pixel_shape: Fraction | None, reformatter: VideoReformatter
) -> NDArray[np.uint8]:
    """Convert a frame to H W C, uint8, 0 to 255, RGB, upright and with square pixels.

    Colour range and matrix are the stream's own, as swscale reads them (BT.601 where
    the stream names none). `pixel_shape` is a pixel's width over its height. The
    reformatter is handed in because a frame's own would keep threads and memory of its own.
    """
    width = frame.width
    if pixel_shape and Fraction(1, _WIDEST_PIXEL) <= pixel_shape <= _WIDEST_PIXEL:
        width = max(1, round(width * pixel_shape))
    shown = reformatter.reformat(frame, width, frame.height, "rgb24", threads=1)
    pixels = np.asarray(shown.to_ndarray(), np.uint8)
    side_data: Mapping[str, Any] = frame.side_data  # PyAV's types do not list the matrix
    matrix = side_data.get("DISPLAYMATRIX")
    return pixels if matrix is None else turned(pixels, bytes(matrix))


def turned(pixels: NDArray[np.uint8], matrix: bytes) -> NDArray[np.uint8]:
    """Turn or mirror a frame (H W C) as a display matrix says, to the nearest quarter turn.

    The matrix is nine int32 of the machine's byte order, row by row (libavutil/display.h);
    its first two rows hold a b, c d: a point goes to x' = a x + c y, y' = b x + d y.
    """
    a, b, _, c, d = np.frombuffer(matrix, np.int32, count=5)
    if max(abs(int(a)), abs(int(d))) >= max(abs(int(b)), abs(int(c))):
        x, y = a, d
    else:
        pixels, x, y = pixels.transpose(1, 0, 2), c, b
    return np.ascontiguousarray(pixels[:: -1 if y < 0 else 1, :: -1 if x < 0 else 1])
