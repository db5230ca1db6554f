"""Distortions of light and colour."""

from __future__ import annotations

import cv2
import numpy as np

from benchmarks.distortions.clip import Clip, Strength
from benchmarks.distortions.drawing import grey_of, rounded


def brighter(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """Values times 1.2, 1.6 or 2.2; highlights are cut off."""
    return _scaled(clip, strength.pick(1.2, 1.6, 2.2), pivot=0)


def darker(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """Values times 0.8, 0.5 or 0.25."""
    return _scaled(clip, strength.pick(0.8, 0.5, 0.25), pivot=0)


def more_contrast(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """Distances from middle grey times 1.3, 1.8 or 2.6."""
    return _scaled(clip, strength.pick(1.3, 1.8, 2.6), pivot=128)


def less_contrast(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """Distances from middle grey times 0.75, 0.5 or 0.25."""
    return _scaled(clip, strength.pick(0.75, 0.5, 0.25), pivot=128)


def grayscale(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """Colours paled by half, by four fifths, or gone."""
    share = strength.pick(0.5, 0.8, 1)
    return clip.each(
        lambda frame: rounded(
            frame + share * (grey_of(frame)[..., None] - frame.astype(np.float32))
        )
    )


def _scaled(clip: Clip, gain: float, *, pivot: int) -> Clip:
    values = np.arange(256, dtype=np.float32)
    table = rounded((values - pivot) * gain + pivot)
    return clip.each(lambda frame: np.asarray(cv2.LUT(frame, table), np.uint8))
