"""Distractors that follow a face: a dog's ears, nose and tongue, and round yellow faces."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.distortions.clip import Clip, Picture, Strength
from benchmarks.distortions.drawing import Colour, FacePlane, Points, oval
from moderation.tracks import Face

_FUR: tuple[Colour, ...] = ((122, 78, 45), (70, 52, 44), (186, 140, 92))
_INNER_EAR, _MUZZLE = (226, 170, 160), (238, 226, 212)
_BLACK, _WHITE = (24, 20, 20), (255, 255, 255)
_TONGUE, _FURROW = (232, 96, 112), (196, 66, 84)
_YELLOW, _RIM = (252, 208, 60), (206, 150, 30)

# Where yellow faces sit in a face's plane: centre and radius; mild ones lie beside the face.
_BESIDE = (((-1.75, -0.9), 0.42), ((1.8, 0.35), 0.5))
_ON_BROW = ((0.55, -0.75), 0.45)
_ON_MOUTH = ((0.05, 1.05), 0.8)


def dog(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """Ears on every face; with a nose if medium; with muzzle and tongue if strong."""
    fur = _FUR[int(rng.integers(len(_FUR)))]

    def paint(frame: Picture, face: Face) -> None:
        plane = FacePlane.of(face)
        _ears(frame, plane, fur)
        if strength is Strength.STRONG:
            _muzzle(frame, plane, face)
        if strength is not Strength.MILD:
            _nose(frame, plane, face)

    return on_faces(clip, paint)


def emoji(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """Round yellow faces beside every face; also on the brow if medium, on the mouth if strong."""
    spots = [*_BESIDE, _ON_BROW, _ON_MOUTH][: strength.pick(2, 3, 4)]
    tilts = rng.uniform(-0.4, 0.4, len(spots))

    def paint(frame: Picture, face: Face) -> None:
        plane = FacePlane.of(face)
        for (centre, radius), tilt in zip(spots, tilts, strict=True):
            _yellow_face(frame, plane, centre, radius, float(tilt))

    return on_faces(clip, paint)


def on_faces(clip: Clip, paint: Callable[[Picture, Face], None]) -> Clip:
    """Every face of every frame painted on; `paint` changes the frame that it is given."""
    faces: Sequence[Sequence[Face]] = clip.faces or [()] * len(clip.frames)
    painted = [frame.copy() for frame in clip.frames]
    for frame, there in zip(painted, faces, strict=True):
        for face in there:
            paint(frame, face)
    return clip.repainted(painted)


def _ears(frame: Picture, plane: FacePlane, fur: Colour) -> None:
    for side in (-1, 1):
        plane.paint(frame, oval((side * 1.12, -0.95), (0.36, 0.78), tilt=-side * 0.6), fur)
        plane.paint(frame, oval((side * 1.16, -0.88), (0.19, 0.52), tilt=-side * 0.6), _INNER_EAR)


def _nose(frame: Picture, plane: FacePlane, face: Face) -> None:
    x, y = plane.place(face.landmarks[2])
    plane.paint(frame, oval((x, y), (0.3, 0.21)), _BLACK)
    plane.paint(frame, oval((x - 0.1, y - 0.08), (0.07, 0.04)), _WHITE)


def _muzzle(frame: Picture, plane: FacePlane, face: Face) -> None:
    """Two pale cheeks below the nose, and a tongue that hangs out of the mouth."""
    x, y = plane.place(face.landmarks[2])
    mouth_x, mouth_y = np.mean([plane.place(point) for point in face.landmarks[3:]], axis=0)
    plane.paint(frame, oval((mouth_x, mouth_y + 0.42), (0.27, 0.48)), _TONGUE)
    plane.paint(frame, oval((mouth_x, mouth_y + 0.4), (0.025, 0.34)), _FURROW)
    for side in (-1, 1):
        plane.paint(frame, oval((x + side * 0.3, y + 0.28), (0.38, 0.3)), _MUZZLE)
        for whisker in (-0.06, 0.04, 0.14):
            spot = (x + side * (0.36 + whisker), y + 0.26 + whisker / 2)
            plane.paint(frame, oval(spot, (0.025, 0.025)), _BLACK)


def _yellow_face(
    frame: Picture, plane: FacePlane, centre: tuple[float, float], radius: float, tilt: float
) -> None:
    """A disc with two eyes and a smile, all in parts of the disc's radius."""
    turn = np.array([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]])

    def part(outline: Points, colour: Colour) -> None:
        plane.paint(frame, radius * (outline @ turn) + np.array(centre), colour)

    part(oval((0, 0), (1, 1)), _RIM)
    part(oval((0, 0), (0.93, 0.93)), _YELLOW)
    for side in (-1, 1):
        part(oval((side * 0.34, -0.25), (0.11, 0.19)), _BLACK)
    part(_smile(), _BLACK)


def _smile() -> Points:
    """The lower half of an ellipse, closed by a flatter one."""
    along = np.linspace(0, np.pi, 24)
    lower = np.column_stack([0.58 * np.cos(along), 0.15 + 0.5 * np.sin(along)])
    upper = np.column_stack([0.58 * np.cos(along[::-1]), 0.15 + 0.2 * np.sin(along[::-1])])
    return np.concatenate([lower, upper])
