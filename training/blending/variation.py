"""Shows a face in another light, by another camera, from a little elsewhere, before it is forged.

A network that sees a few thousand faces again and again comes to know them, and then tells
twins by what differs from memory: after 35,000 pairs of 3,300 faces its loss was 0.46 on them,
and 0.62 on others. A face that never looks the same cannot be remembered so.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from moderation.tracks import Face
from training.augmentation import bend, shift_colours

Pixels = NDArray[np.uint8]


def varied(pixels: Pixels, face: Face, rng: np.random.Generator) -> tuple[Pixels, Face]:
    """The picture (H W 3, uint8, RGB) and its face, each change drawn or left out."""
    if rng.random() < 0.7:
        pixels, face = _from_elsewhere(pixels, face, rng)
    if rng.random() < 0.4:
        pixels = bend(pixels, rng)  # by less than landmarks are off anyway
    if rng.random() < 0.6:
        pixels = _lit(pixels, rng)
    if rng.random() < 0.6:
        pixels = _balanced(pixels, rng)
    if rng.random() < 0.5:
        pixels = shift_colours(pixels, rng, strength=0.7)
    return pixels, face


def _from_elsewhere(pixels: Pixels, face: Face, rng: np.random.Generator) -> tuple[Pixels, Face]:
    """Turned by up to 15 degrees, stretched by up to a tenth, sheared; in a frame as large."""
    height, width = pixels.shape[:2]
    angle = np.deg2rad(rng.uniform(-15, 15))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    wide, high = 1 + rng.uniform(-0.1, 0.1, 2)
    shape = turn @ np.array([[wide, rng.uniform(-0.08, 0.08)], [0.0, high]])
    left, top, right, bottom = face.box_xyxy
    centre = np.array([(left + right) / 2, (top + bottom) / 2])
    onto = np.hstack([shape, (centre - shape @ centre)[:, None]])
    seen = cv2.warpAffine(
        pixels, onto, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
    )
    one, two, three, four, five = (
        (float(x), float(y)) for x, y in np.array(face.landmarks) @ shape.T + onto[:, 2]
    )
    half = np.array([wide * (right - left), high * (bottom - top)]) / 2
    (x0, y0), (x1, y1) = (centre - half).tolist(), (centre + half).tolist()
    there = replace(face, box_xyxy=(x0, y0, x1, y1), landmarks=(one, two, three, four, five))
    return np.asarray(seen, np.uint8), there


def _lit(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Light that falls unevenly: up to about a quarter more or less, smoothly over the picture."""
    height, width = pixels.shape[:2]
    coarse = rng.normal(0, rng.uniform(0.05, 0.15), (3, 3)).astype(np.float32)
    light = np.exp(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))
    return np.asarray(np.clip(pixels * light[..., None] + 0.5, 0, 255), np.uint8)


def _balanced(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Another white balance (up to a fourteenth a channel) and tone curve, as cameras have."""
    gains = rng.uniform(0.93, 1.07, 3)
    gamma = float(np.exp(rng.uniform(-0.25, 0.25)))
    tones = np.linspace(0, 1, 256)[:, None] ** gamma * gains
    table = np.clip(255 * tones + 0.5, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(pixels, table[:, None, :].transpose(1, 0, 2)), np.uint8)
