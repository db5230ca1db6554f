"""Distractors that lie anywhere in the picture: text and coloured shapes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from benchmarks.distortions.clip import Clip, Picture, Strength
from benchmarks.distortions.drawing import Colour, Points, fill, oval

_WORDS = (
    "BREAKING NEWS", "follow for more", "wait for it...", "LIVE", "so true!!", "part 2 of 5",
    "@someone", "link below", "do not repost", "00:14:07", "like + share", "REC",
)  # fmt: skip
_COLOURS: tuple[Colour, ...] = (
    (255, 255, 255), (250, 220, 40), (230, 50, 50), (60, 200, 90), (50, 120, 240), (220, 80, 200),
)  # fmt: skip
_FONT = cv2.FONT_HERSHEY_DUPLEX  # its capitals are about 22 pixels high at scale 1
_MOST_CAPTIONS, _MOST_SHAPES = 11, 24
_DRIFT = 0.004  # of the shorter side from frame to frame: a video's distractors wander


def text(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """2, 5 or 11 captions across the picture; the stronger have those of the milder."""
    captions = [_caption(rng, clip.size) for _ in range(_MOST_CAPTIONS)]
    drawn = captions[: strength.pick(2, 5, _MOST_CAPTIONS)]

    def change(frame: Picture) -> Picture:
        painted = frame.copy()
        for caption in drawn:
            caption.paint(painted)
        return painted

    return clip.each(change)


def shapes(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """4, 10 or 24 filled discs, boxes and triangles that wander over the picture."""
    every = [_shape(rng, clip.size) for _ in range(_MOST_SHAPES)]
    drawn = every[: strength.pick(4, 10, _MOST_SHAPES)]
    painted = [frame.copy() for frame in clip.frames]
    for at, frame in enumerate(painted):
        for shape in drawn:
            fill(frame, shape.outline + at * shape.step, shape.colour)
    return clip.repainted(painted)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Caption:
    words: str
    left_baseline: tuple[int, int]
    scale: float
    colour: Colour

    def paint(self, frame: Picture) -> None:
        """Light letters on a dark edge, as captions are made to be read on anything."""
        thick = max(round(2 * self.scale), 1)
        edge = thick + max(round(3 * self.scale), 2)
        for colour, width in (((20, 20, 20), edge), (self.colour, thick)):
            cv2.putText(
                frame, self.words, self.left_baseline, _FONT, self.scale, colour, width, cv2.LINE_AA
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Shape:
    outline: Points
    step: Points  # pixels a frame
    colour: Colour


def _caption(rng: np.random.Generator, size: tuple[int, int]) -> _Caption:
    height, width = size
    words = _WORDS[int(rng.integers(len(_WORDS)))]
    letters = rng.uniform(0.04, 0.08) * min(size)  # pixels high
    scale = float(letters) / 22
    (long, _), _ = cv2.getTextSize(words, _FONT, scale, 1)
    left = rng.uniform(0, max(width - long, 1))
    baseline = rng.uniform(letters, height)
    return _Caption(
        words=words, left_baseline=(int(left), int(baseline)), scale=scale, colour=_colour(rng)
    )


def _shape(rng: np.random.Generator, size: tuple[int, int]) -> _Shape:
    height, width = size
    shorter = min(size)
    centre = (float(rng.uniform(0, width)), float(rng.uniform(0, height)))
    radius, tilt = float(rng.uniform(0.03, 0.09)) * shorter, float(rng.uniform(0, 2 * math.pi))
    corners = int(rng.choice([0, 3, 4]))
    outline = _polygon(corners, radius, tilt) + centre if corners else oval(centre, (radius,) * 2)
    step = _DRIFT * shorter * rng.uniform(-1, 1, 2)
    return _Shape(outline=outline, step=step, colour=_colour(rng))


def _polygon(corners: int, radius: float, tilt: float) -> Points:
    around = tilt + np.arange(corners) * 2 * math.pi / corners
    return radius * np.column_stack([np.cos(around), np.sin(around)])


def _colour(rng: np.random.Generator) -> Colour:
    return _COLOURS[int(rng.integers(len(_COLOURS)))]
