"""Every distortion at one place, by family, and the one way to apply them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from benchmarks.distortions import (
    colour,
    compression,
    geometry,
    make_up,
    overlays,
    quality,
    stickers,
    timing,
)
from benchmarks.distortions.clip import Clip, Strength

Change: TypeAlias = Callable[[Clip, Strength, np.random.Generator], Clip]


class Family(StrEnum):
    OVERLAY = "overlay"
    GEOMETRY = "geometry"
    TIME = "time"
    COLOUR = "colour"
    QUALITY = "quality"
    COMPRESSION = "compression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One way to distort a clip.

    `on_faces`: it is drawn on faces, so they must be known.
    `in_time`: it leaves a single frame as it is.
    """

    family: Family
    change: Change
    strengths: tuple[Strength, ...] = tuple(Strength)
    on_faces: bool = False
    in_time: bool = False

    @property
    def summary(self) -> str:
        """What it does at its strengths, in one line."""
        return (self.change.__doc__ or "").strip().splitlines()[0]


# After the distractors and augmentations of DFDC's test videos (Dolhansky et al., 2020); what is
# drawn and how strong it is are ours, as are H.265 and the chains of uploads.
DISTORTIONS: Mapping[str, Kind] = MappingProxyType(
    {
        "text": Kind(family=Family.OVERLAY, change=overlays.text),
        "shapes": Kind(family=Family.OVERLAY, change=overlays.shapes),
        "dog": Kind(family=Family.OVERLAY, change=stickers.dog, on_faces=True),
        "emoji": Kind(family=Family.OVERLAY, change=stickers.emoji, on_faces=True),
        "make_up": Kind(family=Family.OVERLAY, change=make_up.make_up, on_faces=True),
        "resolution": Kind(family=Family.GEOMETRY, change=geometry.resolution),
        "orientation": Kind(family=Family.GEOMETRY, change=geometry.orientation),
        "hinted_orientation": Kind(family=Family.GEOMETRY, change=geometry.hinted_orientation),
        "mirror": Kind(
            family=Family.GEOMETRY, change=geometry.mirror, strengths=(Strength.MEDIUM,)
        ),
        "crop": Kind(family=Family.GEOMETRY, change=geometry.crop),
        "slow_motion": Kind(family=Family.TIME, change=timing.slow_motion, in_time=True),
        "fast_motion": Kind(family=Family.TIME, change=timing.fast_motion, in_time=True),
        "low_frame_rate": Kind(family=Family.TIME, change=timing.low_frame_rate, in_time=True),
        "lost_frames": Kind(family=Family.TIME, change=timing.lost_frames, in_time=True),
        "brighter": Kind(family=Family.COLOUR, change=colour.brighter),
        "darker": Kind(family=Family.COLOUR, change=colour.darker),
        "more_contrast": Kind(family=Family.COLOUR, change=colour.more_contrast),
        "less_contrast": Kind(family=Family.COLOUR, change=colour.less_contrast),
        "grayscale": Kind(family=Family.COLOUR, change=colour.grayscale),
        "noise": Kind(family=Family.QUALITY, change=quality.noise),
        "blur": Kind(family=Family.QUALITY, change=quality.blur),
        "jpeg": Kind(family=Family.COMPRESSION, change=compression.jpeg),
        "h264": Kind(family=Family.COMPRESSION, change=compression.h264),
        "h265": Kind(family=Family.COMPRESSION, change=compression.h265),
        "picture_uploads": Kind(family=Family.COMPRESSION, change=compression.picture_uploads),
        "video_uploads": Kind(family=Family.COMPRESSION, change=compression.video_uploads),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Distortion:
    """A kind at a strength; what is drawn by lot follows from the seed alone.

    Whether a clip is real or forged is not known here: both are distorted alike.
    """

    kind: str
    strength: Strength
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in DISTORTIONS:
            raise ValueError(f"no distortion is called {self.kind}")
        if self.strength not in DISTORTIONS[self.kind].strengths:
            raise ValueError(f"{self.kind} has no strength {self.strength}")

    def apply(self, clip: Clip) -> Clip:
        """Distort a clip; the one given stays as it is.

        Raises:
            ValueError: it is drawn on faces, and those of the clip are not known.
        """
        kind = DISTORTIONS[self.kind]
        if kind.on_faces and clip.faces is None:
            raise ValueError(f"{self.kind} is drawn on faces, and the clip's are not known")
        # Strength is no part of the draw: a stronger one has the same places and colours.
        rng = np.random.default_rng([self.seed, zlib.crc32(self.kind.encode())])
        return kind.change(clip, self.strength, rng)


def every(seed: int = 0) -> tuple[Distortion, ...]:
    """Each kind at each strength that it has, in the order of the registry."""
    return tuple(
        Distortion(kind=name, strength=strength, seed=seed)
        for name, kind in DISTORTIONS.items()
        for strength in kind.strengths
    )
