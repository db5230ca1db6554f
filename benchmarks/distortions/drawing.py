"""Painting on RGB frames, and the plane of a face in which overlays are laid out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.distortions.clip import Picture
from inference.faces.crops import roll
from moderation.tracks import Face

Colour: TypeAlias = tuple[int, int, int]  # RGB, 0 to 255
Points: TypeAlias = NDArray[np.float64]  # N 2, x and y

_EYES_TO_MOUTH = 1.05  # of the distance between the eyes, in a frontal face
_SUBPIXEL_BITS = 4  # OpenCV draws at sixteenths of a pixel


@dataclass(frozen=True, slots=True, kw_only=True)
class FacePlane:
    """Coordinates of a face: the middle of the eyes is (0, 0), the eyes are at x = ±0.5.

    x runs to the viewer's right along the eyes, y down to the mouth (about 1.05) and the
    chin (about 1.8); `unit` is a step of 1 in pixels.
    """

    origin: tuple[float, float]
    angle: float
    unit: float

    @classmethod
    def of(cls, face: Face) -> FacePlane:
        """In profile the eyes fall on one another, so the way to the mouth counts too."""
        points = np.array(face.landmarks)
        eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
        apart = math.dist(points[0], points[1])
        unit = max(apart, math.dist(eyes, mouth) / _EYES_TO_MOUTH, 1.0)
        return cls(origin=(float(eyes[0]), float(eyes[1])), angle=roll(face), unit=unit)

    def pixels(self, points: Points) -> Points:
        """Where points of the plane are in the frame."""
        cosine, sine = math.cos(self.angle), math.sin(self.angle)
        turn = np.array([[cosine, sine], [-sine, cosine]])
        return np.asarray(self.unit * (points @ turn) + np.array(self.origin), np.float64)

    def place(self, point: tuple[float, float]) -> tuple[float, float]:
        """Where a point of the frame is in the plane."""
        cosine, sine = math.cos(self.angle), math.sin(self.angle)
        x, y = (np.array(point) - self.origin) / self.unit
        return float(x * cosine + y * sine), float(y * cosine - x * sine)

    def paint(self, frame: Picture, outline: Points, colour: Colour) -> None:
        """Fill an outline given in the plane."""
        fill(frame, self.pixels(outline), colour)


def oval(centre: tuple[float, float], radii: tuple[float, float], *, tilt: float = 0.0) -> Points:
    """Outline of an ellipse, turned by `tilt` radians, clockwise as seen."""
    around = np.linspace(0, 2 * math.pi, 48, endpoint=False)
    points = np.column_stack([radii[0] * np.cos(around), radii[1] * np.sin(around)])
    turn = np.array([[math.cos(tilt), math.sin(tilt)], [-math.sin(tilt), math.cos(tilt)]])
    return np.asarray(points @ turn + np.array(centre), np.float64)


def fill(frame: Picture, outline: Points, colour: Colour) -> None:
    """Fill an outline given in pixels, with smooth edges; the frame is painted on."""
    cv2.fillPoly(frame, [_fixed(outline)], colour, cv2.LINE_AA, _SUBPIXEL_BITS)


def tint(frame: Picture, outline: Points, colour: Colour, *, opacity: float, soft: float) -> None:
    """Colour what is inside an outline, keeping its light and shade; the frame is painted on.

    On average it gets the colour itself: one that kept the skin's brightness would glow.
    `soft` is the deviation of the blurred edge in pixels.
    """
    reach = 3 * soft + 1
    height, width = frame.shape[:2]
    left, top = np.clip(np.floor(outline.min(axis=0) - reach), 0, (width, height)).astype(int)
    right, bottom = np.clip(np.ceil(outline.max(axis=0) + reach), 0, (width, height)).astype(int)
    if left >= right or top >= bottom:
        return
    seen = frame[top:bottom, left:right]
    mask = np.zeros(seen.shape[:2], np.uint8)
    cv2.fillPoly(mask, [_fixed(outline - (left, top))], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
    share = cv2.GaussianBlur(mask, (0, 0), soft)[..., None] * np.float32(opacity / 255)
    if not share.any():
        return
    grey = grey_of(seen)[..., None]
    light = grey / max(float(np.average(grey, weights=share)), 1.0)
    frame[top:bottom, left:right] = rounded(seen * (1 - share) + light * np.array(colour) * share)


def grey_of(frame: Picture) -> NDArray[np.float32]:
    """Luma (H W, float32, 0 to 255) with the weights of ITU-R BT.601."""
    return frame.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)


def rounded(values: NDArray[np.floating]) -> Picture:
    return np.asarray(np.clip(values + 0.5, 0, 255), np.uint8)


def _fixed(outline: Points) -> NDArray[np.int32]:
    # OpenCV counts from the middle of a pixel, landmarks from its corner.
    return np.round((outline - 0.5) * (1 << _SUBPIXEL_BITS)).astype(np.int32)
