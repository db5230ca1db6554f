"""A stretch of frames with the faces in them, and how both move together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from moderation.tracks import Box, Face, Landmarks

Picture: TypeAlias = NDArray[np.uint8]  # H W 3, uint8, 0 to 255, RGB
Affine: TypeAlias = NDArray[np.float64]  # 2 3, pixels to pixels, a pixel's corner being whole

Setting = TypeVar("Setting")


class Strength(StrEnum):
    """How much is changed: mild is hardly seen, strong is as bad as uploads get."""

    MILD = "mild"
    MEDIUM = "medium"
    STRONG = "strong"

    def pick(self, mild: Setting, medium: Setting, strong: Setting) -> Setting:
        return {"mild": mild, "medium": medium, "strong": strong}[self.value]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clip:
    """Frames of one size, in the order in which they are shown; a picture is a clip of one.

    `faces` are those of each frame in its pixels, or None when nobody looked for them.
    `quarter_turns` is what the file tells a player: to turn the frames so often, clockwise.
    """

    frames: Sequence[Picture]
    frames_per_second: float
    faces: Sequence[Sequence[Face]] | None = None
    quarter_turns: int = 0

    def __post_init__(self) -> None:
        if not self.frames:
            raise ValueError("a clip has at least one frame")
        if len({frame.shape for frame in self.frames}) > 1:
            raise ValueError("the frames of a clip are of one size")
        if self.frames_per_second <= 0:
            raise ValueError("frames_per_second must be positive")
        if self.faces is not None and len(self.faces) != len(self.frames):
            raise ValueError("faces are given for every frame or for none")

    @classmethod
    def still(cls, picture: Picture, faces: Sequence[Face] | None = None) -> Clip:
        known = None if faces is None else [faces]
        return cls(frames=[picture], frames_per_second=25.0, faces=known)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the frames, in pixels."""
        height, width = self.frames[0].shape[:2]
        return height, width

    def repainted(self, frames: Sequence[Picture]) -> Clip:
        """Other pixels at the same places."""
        return replace(self, frames=frames)

    def each(self, change: Callable[[Picture], Picture]) -> Clip:
        """Every frame changed alike, nothing having moved."""
        return self.repainted([change(frame) for frame in self.frames])

    def moved(self, change: Callable[[Picture], Picture], where: Affine) -> Clip:
        """Every frame changed alike, and its faces carried to where they are now."""
        faces = self.faces and [[carried(face, where) for face in there] for there in self.faces]
        return replace(self.each(change), faces=faces)

    def chosen(self, indices: Sequence[int]) -> Clip:
        """The frames of these indices in their order, with their faces."""
        faces = self.faces and [self.faces[index] for index in indices]
        return replace(self, frames=[self.frames[index] for index in indices], faces=faces)


def carried(face: Face, where: Affine) -> Face:
    """The face after an affine map; the box is the upright one around where its corners went.

    Turned landmarks keep their order, which is that of a viewer who turns the head with the
    face, so that the face's roll can be read from them. A mirror swaps each pair.
    """
    left, top, right, bottom = face.box_xyxy
    corners = _mapped([(left, top), (right, top), (right, bottom), (left, bottom)], where)
    eye, other_eye, nose, mouth, other_mouth = (
        (float(x), float(y)) for x, y in _mapped(face.landmarks, where)
    )
    landmarks: Landmarks = (eye, other_eye, nose, mouth, other_mouth)
    if np.linalg.det(where[:, :2]) < 0:
        landmarks = (other_eye, eye, nose, other_mouth, mouth)
    return replace(face, box_xyxy=_around(corners), landmarks=landmarks)


def scaling(along_x: float, along_y: float) -> Affine:
    return np.array([[along_x, 0, 0], [0, along_y, 0]], np.float64)


def _mapped(points: Sequence[tuple[float, float]], where: Affine) -> NDArray[np.float64]:
    return np.asarray(points, np.float64) @ where[:, :2].T + where[:, 2]


def _around(corners: NDArray[np.float64]) -> Box:
    left, top = corners.min(axis=0)
    right, bottom = corners.max(axis=0)
    return float(left), float(top), float(right), float(bottom)
