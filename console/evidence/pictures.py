"""Crops as browsers are sent them: encoded anew from decoded pixels, never bytes of the upload."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.faces import facepack

_QUALITY = (cv2.IMWRITE_JPEG_QUALITY, 85)
# Of a crop of 224 pixels: enough that nobody is recognised, as the blur of the pages.
_BLUR_PIXELS = 12.0


def picture(pack: bytes, crop_id: int, *, veiled: bool) -> bytes:
    """One crop of a face pack as JPEG; veiled, it is blurred and grey.

    Raises:
        MissingPack: there is no such crop, or the pack is damaged.
    """
    return jpeg(pixels_of(pack, crop_id, veiled=veiled))


def side_by_side(pack: bytes, crop_ids: Sequence[int], *, veiled: bool) -> bytes:
    """Several crops, one at least, in one JPEG from left to right; else as `picture`.

    Raises:
        MissingPack: see `picture`.
    """
    return jpeg(np.hstack([pixels_of(pack, crop_id, veiled=veiled) for crop_id in crop_ids]))


def pixels_of(pack: bytes, crop_id: int, *, veiled: bool) -> NDArray[np.uint8]:
    """A crop as it may be shown: 224 224 3, uint8, RGB. Raises: MissingPack, as `picture`."""
    pixels = facepack.read_crop(pack, crop_id)
    if not veiled:
        return pixels
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return np.stack([cv2.GaussianBlur(grey, (0, 0), _BLUR_PIXELS)] * 3, -1).astype(np.uint8)


def jpeg(pixels: NDArray[np.uint8]) -> bytes:
    """H W 3, uint8, RGB, as a browser is sent it."""
    _, jpeg = cv2.imencode(".jpg", pixels[:, :, ::-1], _QUALITY)
    return jpeg.tobytes()
