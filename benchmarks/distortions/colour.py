"""Distortions of light and colour."""

from __future__ import annotations

import cv2
import numpy as np

from benchmarks.distortions.clip import Clip, Strength
from benchmarks.distortions.drawing import grey_of, rounded


def brighter(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """Values times 1.15, 1.35 or 1.7; highlights are cut off."""
    return _scaled(clip, strength.pick(1.15, 1.35, 1.7), pivot=0)


def darker(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """Values times 0.8, 0.55 or 0.3."""
    return _scaled(clip, strength.pick(0.8, 0.55, 0.3), pivot=0)


def more_contrast(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """Distances from middle grey times 1.25, 1.6 or 2.2."""
    return _scaled(clip, strength.pick(1.25, 1.6, 2.2), pivot=128)


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
