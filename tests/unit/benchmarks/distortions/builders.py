"""Drawn faces for the tests of distortions."""

from __future__ import annotations

import cv2
import numpy as np

from benchmarks.distortions import Clip, Picture
from moderation.tracks import Face

HEIGHT, WIDTH = 120, 160


def a_face(shift: tuple[float, float] = (0, 0)) -> Face:
    """Eyes 24 pixels apart, the nose tip off the middle, so that a mirror shows."""
    x, y = shift
    return Face(
        box_xyxy=(x + 55, y + 30, x + 105, y + 95),
        landmarks=(
            (x + 68, y + 52),
            (x + 92, y + 53),
            (x + 77, y + 65),
            (x + 70, y + 78),
            (x + 90, y + 77),
        ),
        detector_score=0.9,
    )


def a_picture(shift: int = 0) -> Picture:
    """Stripes and a skin-coloured disc under fine grain (120 160 3)."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    stripes = 110 + 50 * np.sin((columns - shift) / 5) + rows / 4
    picture = np.stack([stripes, stripes * 0.8, 200 - stripes * 0.6], axis=2)
    cv2.circle(picture, (80 + shift, 62), 33, (190, 150, 125), -1, cv2.LINE_AA)
    grain = np.random.default_rng(5).normal(0, 4, picture.shape)
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def a_clip(frames: int = 12) -> Clip:
    """A face that goes a pixel to the right with every frame."""
    return Clip(
        frames=[a_picture(shift) for shift in range(frames)],
        frames_per_second=24.0,
        faces=[[a_face((shift, 0))] for shift in range(frames)],
    )


def distance(one: Picture, other: Picture) -> float:
    """Mean absolute difference of two frames, the second one resized to the first."""
    height, width = one.shape[:2]
    if other.shape != one.shape:
        other = cv2.resize(other, (width, height), interpolation=cv2.INTER_CUBIC)
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


def touched(before: Picture, after: Picture) -> np.ndarray:
    """Which pixels differ (H W, bool)."""
    return np.any(before != after, axis=2)
