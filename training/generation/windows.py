"""Batches of windows: real faces and generated ones, cut, scaled and worn by one chance."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from training.augmentation import coarsen, jpeg, sharpen, shift_colours
from training.generation.pools import Pool

Pixels = NDArray[np.uint8]

WINDOW = 96  # pixels; a multiple of 32, so that stages halve evenly
SMALLEST_SIDE = 120  # pixels, to which a whole crop is reduced
REDUCTIONS = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC)


def drawn(pool: Pool, count: int, rng: np.random.Generator) -> list[Pixels]:
    places = rng.choice(len(pool.faces), count, p=pool.chances)
    return [worn(pool.faces[place], rng) for place in places]


def worn(crop: Pixels, rng: np.random.Generator) -> Pixels:
    """A window of a crop after one drawn way through editors and platforms.

    The crop is S S 3, S at least SMALLEST_SIDE. What differs between the sources of real and
    generated pictures (size, sharpness, noise, compression, colours) is drawn over here, widely.
    """
    pixels = np.ascontiguousarray(crop[:, ::-1] if rng.random() < 0.5 else crop)
    if rng.random() < 0.5:
        pixels = shift_colours(pixels, rng, strength=0.8)
    if rng.random() < 0.25:
        pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.3, 1.0)), np.uint8)
    if rng.random() < 0.25:
        pixels = coarsen(pixels, rng.uniform(1.05, 1.7))
    if rng.random() < 0.6:
        side = int(rng.integers(SMALLEST_SIDE, len(pixels) + 1))
        how = int(rng.choice(REDUCTIONS))
        pixels = np.asarray(cv2.resize(pixels, (side, side), interpolation=how))
    if rng.random() < 0.15:
        pixels = sharpen(pixels, rng.uniform(0.2, 1.0))
    if rng.random() < 0.2:
        noise = rng.normal(0, rng.uniform(0.5, 5), pixels.shape)
        pixels = np.asarray(np.clip(pixels + noise + 0.5, 0, 255), np.uint8)
    if rng.random() < 0.8:
        pixels = jpeg(pixels, int(rng.integers(45, 97)))
    return _window(pixels, rng)


def _window(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    y, x = rng.integers(0, np.array(pixels.shape[:2]) - WINDOW + 1)
    return pixels[y : y + WINDOW, x : x + WINDOW]


def batches(
    real: Pool, generated: Pool, size: int, *, seed: int
) -> Iterator[tuple[Pixels, NDArray[np.float32]]]:
    """Endless windows (size WINDOW WINDOW 3) and labels (size 1): one half is generated."""
    half = size // 2
    labels = np.repeat(np.array([0, 1], np.float32), half)[:, None]
    step = 0
    while True:
        rng = np.random.default_rng((seed, step))
        yield np.stack([*drawn(real, half, rng), *drawn(generated, half, rng)]), labels
        step += 1
