"""Distortions of a poor camera: noise and blur."""

from __future__ import annotations

import cv2
import numpy as np

from benchmarks.distortions.clip import Clip, Picture, Strength
from benchmarks.distortions.drawing import rounded


def noise(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """Gaussian noise of deviation 5, 15 or 35 (of 255), another in every frame."""
    deviation = np.float32(strength.pick(5, 15, 35))

    def change(frame: Picture) -> Picture:
        return rounded(frame + deviation * rng.standard_normal(frame.shape, np.float32))

    return clip.each(change)


def blur(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """Gaussian blur; its deviation is 0.3, 0.6 or 1.2% of the shorter side.

    Relative, because what a viewer sees of a blur depends on the picture's size.
    """
    sigma = strength.pick(0.003, 0.006, 0.012) * min(clip.size)
    return clip.each(lambda frame: np.asarray(cv2.GaussianBlur(frame, (0, 0), sigma), np.uint8))
