"""Moves a still picture as cameras and heads move over the few frames of a burst.

A hand is not a tripod, and lips turn within a tenth of a second: a genuine face does not move
evenly either.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from moderation.tracks import Face
from training.blending.forging import FACE_POINTS, affine_between

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

_CELLS = 24  # along each side of the coarse grid on which movement is reckoned
# In units of half the distance of the eyes from the point between them, y down: where a face
# moves by itself, and how far around.
_MOVING_PARTS = ((0.0, 2.3, 0.9), (0.0, 3.2, 1.0), (-1.0, 0.0, 0.5), (1.0, 0.0, 0.5), (0, -0.7, 1))

_NO_SECOND_MAP = np.empty(0, np.int16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A smooth course of K values: `speed` (K) a frame, `change` (K) of it a frame."""

    speed: NDArray[np.float64]
    change: NDArray[np.float64]

    @classmethod
    def draw(
        cls, rng: np.random.Generator, count: int, slowest: float, fastest: float, unrest: float
    ) -> Course:
        """Directions at random, magnitudes evenly over their logarithm.

        `unrest`: the change as a share of the speed; at 1 a course may turn within a burst.
        """
        size = np.exp(rng.uniform(np.log(slowest), np.log(fastest)))
        speed = rng.normal(0, size, count)
        return cls(speed=speed, change=rng.normal(0, unrest * size, count))

    def at(self, frame: float) -> NDArray[np.float64]:
        return np.asarray(self.speed * frame + self.change * frame**2 / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """How a scene moves in a burst; shares of the face's side a frame, turns in radians.

    `camera` and `head`: shift x, shift y, turn, growth. `parts`: x and y of each moving
    part of the face. `light`: gain of the whole, and from left to right.
    `phase` (pixels): where the pixels' grid lies; without it the first frame alone would
    keep what interpolation takes from the others.
    """

    camera: Course
    head: Course
    parts: Course
    light: Course
    phase: tuple[float, float]

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Motion:
        return cls(
            camera=Course.draw(rng, 4, 1e-4, 8e-3, unrest=0.4),
            head=Course.draw(rng, 4, 4e-4, 1.5e-2, unrest=0.4),
            parts=Course.draw(rng, 2 * len(_MOVING_PARTS), 3e-4, 1.5e-2, unrest=1.0),
            light=Course.draw(rng, 2, 2e-4, 6e-3, unrest=0.5),
            phase=(float(rng.uniform(0, 1)), float(rng.uniform(0, 1))),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """A picture (H W 3, uint8, RGB), the face in it, and how both move."""

    pixels: Pixels
    face: Face
    motion: Motion

    def frame(self, number: float) -> tuple[Pixels, Face]:
        """A frame of the burst, and the face where it is then; without a camera's noise."""
        height, width = self.pixels.shape[:2]
        x, y = np.meshgrid(np.linspace(0, width - 1, _CELLS), np.linspace(0, height - 1, _CELLS))
        way = self._way(np.stack([x.ravel(), y.ravel()], axis=1), number)
        coarse = way.reshape(_CELLS, _CELLS, 2).astype(np.float32)
        field = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
        columns, rows = np.meshgrid(np.arange(width), np.arange(height))
        places = np.stack([columns, rows], axis=-1).astype(np.float32)
        # Small ways: what comes to a place lay the way before it.
        seen = cv2.remap(
            self.pixels,
            places - field,
            _NO_SECOND_MAP,
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        gain, slope = self.motion.light.at(number)
        light = (1 + gain + slope * (np.arange(width) / width - 0.5)).astype(np.float32)
        lit = np.clip(seen * light[None, :, None] + 0.5, 0, 255).astype(np.uint8)
        return lit, self._face(number)

    def _way(self, points: NDArray[np.float64], number: float) -> NDArray[np.float64]:
        """How far points (P 2, pixels) have moved by then."""
        landmarks = np.array(self.face.landmarks)
        to_face = affine_between(FACE_POINTS, landmarks)
        middle, unit = to_face @ (0, 1.2, 1), _unit(to_face)
        side = 4.4 * unit
        way = _similar(points - middle, self.motion.camera.at(number), side)
        near = np.exp(-0.5 * (np.linalg.norm(points - middle, axis=1) / (0.75 * side)) ** 4)
        way = way + near[:, None] * _similar(points - middle, self.motion.head.at(number), side)
        shifts = self.motion.parts.at(number).reshape(-1, 2) * side
        for (x, y, reach), shift in zip(_MOVING_PARTS, shifts, strict=True):
            off = np.linalg.norm(points - to_face @ (x, y, 1), axis=1) / (reach * unit)
            way = way + np.exp(-0.5 * off**2)[:, None] * shift
        return np.asarray(way + self.motion.phase)

    def _face(self, number: float) -> Face:
        points = np.array(self.face.landmarks)
        there = points + self._way(points, number)
        left, top, right, bottom = self.face.box_xyxy
        x, y = (there - points).mean(0).tolist()
        one, two, three, four, five = ((float(a), float(b)) for a, b in there)
        return replace(
            self.face,
            box_xyxy=(left + x, top + y, right + x, bottom + y),
            landmarks=(one, two, three, four, five),
        )


def _similar(
    points: NDArray[np.float64], values: NDArray[np.float64], side: float
) -> NDArray[np.float64]:
    """The ways of points (P 2, from the middle) under a shift, a turn and a growth."""
    x, y, turn, growth = values
    turned = points @ np.array([[growth, turn], [-turn, growth]])
    return np.asarray(turned + np.array([x, y]) * side)


def _unit(to_face: NDArray[np.float64]) -> float:
    return max(float(np.linalg.norm(to_face[:, :2], 2)), 1.0)
