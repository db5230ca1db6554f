"""Distractors that lie anywhere in the picture: text and coloured shapes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.distortions.clip import Clip, Picture, Strength
from benchmarks.distortions.drawing import Colour, Points, fill, oval

_WORDS = (
    "BREAKING NEWS", "follow for more", "wait for it...", "LIVE", "so true!!", "part 2 of 5",
    "@someone", "link below", "do not repost", "00:14:07", "like + share", "REC",
)  # fmt: skip
_COLOURS: tuple[Colour, ...] = (
    (255, 255, 255), (250, 220, 40), (230, 50, 50), (60, 200, 90), (50, 120, 240), (220, 80, 200),
)  # fmt: skip
_EDGE: Colour = (20, 20, 20)
_MOST_CAPTIONS, _MOST_SHAPES = 11, 24
_DRIFT = 0.004  # of the shorter side from frame to frame: a video's distractors wander


def text(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """2, 5 or 11 captions across the picture; the stronger have those of the milder."""
    captions = [_caption(rng, clip.size) for _ in range(_MOST_CAPTIONS)]
    drawn = captions[: strength.pick(2, 5, _MOST_CAPTIONS)]

    height, width = clip.size
    layer = Image.new("RGBA", (width, height))
    for caption in drawn:
        caption.paint(ImageDraw.Draw(layer))

    def change(frame: Picture) -> Picture:
        painted = Image.fromarray(frame)
        painted.paste(layer, mask=layer)
        return np.array(painted)

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
    left_top: tuple[float, float]
    size: float  # pixels
    colour: Colour

    def paint(self, drawn_on: ImageDraw.ImageDraw) -> None:
        """Light letters with a dark edge, as captions are made to be read on anything."""
        drawn_on.text(
            self.left_top,
            self.words,
            fill=self.colour,
            font=ImageFont.load_default(self.size),
            stroke_width=max(self.size / 14, 1),
            stroke_fill=_EDGE,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Shape:
    outline: Points
    step: Points  # pixels a frame
    colour: Colour


def _caption(rng: np.random.Generator, size: tuple[int, int]) -> _Caption:
    height, width = size
    words = _WORDS[int(rng.integers(len(_WORDS)))]
    letters = float(rng.uniform(0.06, 0.12)) * min(size)
    long = ImageFont.load_default(letters).getlength(words)
    left = float(rng.uniform(0, max(width - long, 1)))
    top = float(rng.uniform(0, max(height - letters, 1)))
    return _Caption(words=words, left_top=(left, top), size=letters, colour=_colour(rng))


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
