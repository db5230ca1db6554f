"""Crops as browsers are sent them: encoded anew from decoded pixels, never bytes of the upload."""

from __future__ import annotations

import cv2
import numpy as np

from inference.faces import facepack

_QUALITY = (cv2.IMWRITE_JPEG_QUALITY, 85)
# Of a crop of 224 pixels: enough that nobody is recognised, as the blur of the pages.
_BLUR_PIXELS = 12.0


def picture(pack: bytes, crop_id: int, *, veiled: bool) -> bytes:
    """One crop of a face pack as JPEG; veiled, it is blurred and grey.

    Raises:
        MissingPack: there is no such crop, or the pack is damaged.
    """
    pixels = facepack.read_crop(pack, crop_id)
    if veiled:
        grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        pixels = np.stack([cv2.GaussianBlur(grey, (0, 0), _BLUR_PIXELS)] * 3, -1).astype(np.uint8)
    _, jpeg = cv2.imencode(".jpg", pixels[:, :, ::-1], _QUALITY)
    return jpeg.tobytes()
