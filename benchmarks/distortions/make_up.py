"""Colour on lips, lids and cheeks, laid out from the five landmarks."""

from __future__ import annotations

import math

import numpy as np

from benchmarks.distortions.clip import Clip, Picture, Strength
from benchmarks.distortions.drawing import Colour, FacePlane, oval, tint
from benchmarks.distortions.stickers import on_faces
from moderation.tracks import Face

_LIPS: tuple[Colour, ...] = ((200, 30, 60), (160, 20, 90), (225, 80, 50))
_LIDS: tuple[Colour, ...] = ((60, 90, 190), (120, 60, 160), (40, 140, 120))
_CHEEKS: Colour = (220, 110, 110)


def make_up(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """Lips, lids and cheeks coloured at 25, 50 or 85%; light and shade stay."""
    opacity = strength.pick(0.25, 0.5, 0.85)
    lips, lids = (shades[int(rng.integers(len(shades)))] for shades in (_LIPS, _LIDS))

    def paint(frame: Picture, face: Face) -> None:
        plane = FacePlane.of(face)
        _cheeks(frame, plane, opacity)
        _lids(frame, plane, face, lids, opacity)
        _lips(frame, plane, face, lips, opacity)

    return on_faces(clip, paint)


def _lips(frame: Picture, plane: FacePlane, face: Face, colour: Colour, opacity: float) -> None:
    corner, other = (plane.place(point) for point in face.landmarks[3:])
    middle = ((corner[0] + other[0]) / 2, (corner[1] + other[1]) / 2)
    tilt = math.atan2(other[1] - corner[1], other[0] - corner[0])
    radii = (max(math.dist(corner, other) / 2, 0.1), 0.19)
    outline = plane.pixels(oval(middle, radii, tilt=tilt))
    tint(frame, outline, colour, opacity=opacity, soft=0.035 * plane.unit)


def _lids(frame: Picture, plane: FacePlane, face: Face, colour: Colour, opacity: float) -> None:
    for eye in face.landmarks[:2]:
        x, y = plane.place(eye)
        outline = plane.pixels(oval((x, y - 0.14), (0.27, 0.12)))
        tint(frame, outline, colour, opacity=opacity, soft=0.05 * plane.unit)


def _cheeks(frame: Picture, plane: FacePlane, opacity: float) -> None:
    for side in (-1, 1):
        outline = plane.pixels(oval((side * 0.68, 0.62), (0.24, 0.18)))
        tint(frame, outline, _CHEEKS, opacity=0.7 * opacity, soft=0.12 * plane.unit)
