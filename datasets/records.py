"""The records of the registry: what is known of a clip, and of a data set."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from datasets.errors import DataSetRefused

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")

VARIABLES = ("place", "background", "light", "device", "camera_motion", "age_band", "gender")
"""What a clip covers, as text; empty where unknown. The Monk skin tone is a number beside them."""

SKIN_TONES = range(1, 11)
"""The Monk Skin Tone scale (Monk, 2019) has ten tones, 1 the lightest."""


class Label(StrEnum):
    REAL = "real"
    FAKE = "fake"


class Family(StrEnum):
    """What kind of forgery; `unknown` where a data set does not tell."""

    NONE = "none"
    SWAP = "swap"
    REENACTMENT = "reenactment"
    LIP_SYNC = "lip_sync"
    GENERATED = "generated"
    EDITED = "edited"
    UNKNOWN = "unknown"


class Split(StrEnum):
    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"
    UNASSIGNED = "unassigned"


OFFICIAL_WORDS = {
    "train": Split.TRAIN,
    "dev": Split.VALIDATION,
    "val": Split.VALIDATION,
    "valid": Split.VALIDATION,
    "validation": Split.VALIDATION,
    "test": Split.TEST,
}
"""What data sets call their own splits; any other word is none of ours."""


class Region(StrEnum):
    """Which part of the frame is meant; halves are for clips that show two side by side."""

    WHOLE = "whole"
    LEFT = "left"
    RIGHT = "right"


class Permission(StrEnum):
    YES = "yes"
    RESEARCH = "research"
    NO = "no"
    UNKNOWN = "unknown"


class Use(StrEnum):
    TRAINING = "training"
    EVALUATION = "evaluation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """One row: a video or an image, or one half of it.

    `path` is relative to the media root; `original` the clip a forgery was made from, by
    `clip_id`; `subjects` everyone whose face is in it, or went into it; `group` what else must
    never be split (frames of one video); `official_split` the word of the data set's makers.
    Empty text is "unknown", and `licence` is then the data set's.

    Raises:
        DataSetRefused: the label contradicts the family, or the skin tone is not on the scale.
    """

    path: str
    label: Label
    sha256: str = ""
    method: str = ""
    family: Family = Family.UNKNOWN
    subjects: tuple[str, ...] = ()
    original: str = ""
    group: str = ""
    split: Split = Split.UNASSIGNED
    official_split: str = ""
    compression: str = ""
    region: Region = Region.WHOLE
    licence: str = ""
    source: str = ""
    place: str = ""
    background: str = ""
    light: str = ""
    device: str = ""
    camera_motion: str = ""
    age_band: str = ""
    gender: str = ""
    skin_tone: int | None = None

    def __post_init__(self) -> None:
        if (self.label is Label.REAL) != (self.family is Family.NONE):
            raise DataSetRefused(f"{self.path}: {self.label} of family {self.family.value}")
        if self.skin_tone is not None and self.skin_tone not in SKIN_TONES:
            raise DataSetRefused(f"{self.path}: skin tone {self.skin_tone} is not 1 to 10 (Monk)")

    @property
    def official(self) -> Split:
        """The split that the makers of the data set gave, whatever it is in now."""
        return OFFICIAL_WORDS.get(self.official_split, Split.UNASSIGNED)

    @property
    def clip_id(self) -> str:
        return clip_id(self.path, self.region)


def clip_id(path: str, region: Region = Region.WHOLE) -> str:
    """What names a clip within its data set, and stays the same when it is imported again."""
    return path if region is Region.WHOLE else f"{path}#{region.value}"


Uses = dict[Use, Permission]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """What is known of a data set as a whole; `media_root` is where its clips' paths start.

    `licences` tells the uses of a licence that only some rows have.

    Raises:
        DataSetRefused: its name or version would be no plain folder name.
    """

    name: str
    version: str
    media_root: Path
    licence: str = "unknown"
    consent: str = "unknown"
    source: str = ""
    contact: str = ""
    layout: str = ""
    created: str = ""
    uses: Uses = field(default_factory=dict)
    licences: dict[str, Uses] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise DataSetRefused(
                f"a data set's name is of a-z 0-9 . _ - (at most 64), not {self.name!r}"
            )
        if not _VERSION.fullmatch(self.version):
            raise DataSetRefused(f"a version is like 1 or 2024-05, not {self.version!r}")

    @property
    def reference(self) -> str:
        return f"{self.name}:{self.version}"
