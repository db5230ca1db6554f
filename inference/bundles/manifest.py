"""What a bundle says of itself, typed; `inference.bundles.manifest_file` reads and writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag

from inference.faces.crops import ALIGNMENT

# Names become folders, keys of the media store and names of Triton's models.
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
# A detector's name stands in a message once for each crop or track of an upload, of which
# there are 64: with more, or longer ones, scores do not fit into the 64 KiB of a message.
MOST_DETECTORS = 6
LONGEST_NAME = 24
DetectorName = Annotated[Name, Field(max_length=LONGEST_NAME)]
Version = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_+-]*(\.[A-Za-z0-9_+-]+)*$", max_length=40)
]
Number = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,5}$")]  # as Triton counts versions
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
# No segment begins with a dot: nothing climbs, is absolute, or hides.
Path_ = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.+-]*(/[A-Za-z0-9_][A-Za-z0-9_.+-]*){0,5}$",
        max_length=200,
    ),
]
Finds = Literal["manipulated", "generated"]

_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDetector:
    """A Triton model of the bundle, asked for each crop; its embedding has so many values."""

    __pydantic_config__ = _STRICT

    name: DetectorName
    finds: Finds
    model: Name
    embedding: Annotated[int, Field(ge=1, le=65_536)]
    version: Number = "1"

    @property
    def weights(self) -> str:
        return f"{self.model}/{self.version}/model.onnx"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadDetector:
    """A head on the embeddings of the model detector that it is `of`, asked for each crop."""

    __pydantic_config__ = _STRICT

    name: DetectorName
    finds: Finds
    head: Path_
    of: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackDetector:
    """A head on what changes between the close frames of a track, asked once a track.

    `of` is the detector whose embeddings it watches; the first model where it says none.
    `features` names how the changes are described: `inference.faces.transitions.FEATURES` then.
    """

    __pydantic_config__ = _STRICT

    name: DetectorName
    finds: Finds
    head: Path_
    over: Literal["track"] = "track"
    features: Annotated[str, Field(max_length=40)] = "transitions-1"  # where it does not say
    of: Name | None = None


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "model" if "model" in value else "track" if "over" in value else "head"
    return type(value).__name__.removesuffix("Detector").lower()


Detector = Annotated[
    Annotated[ModelDetector, Tag("model")]
    | Annotated[HeadDetector, Tag("head")]
    | Annotated[TrackDetector, Tag("track")],
    Discriminator(_kind),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """A head whose outputs tell why a crop cannot be judged."""

    __pydantic_config__ = _STRICT

    head: Path_
    of: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Where the embeddings of a detector's training crops lie."""

    __pydantic_config__ = _STRICT

    file: Path_
    of: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """The version of Veriscope, and the commit, that made the bundle."""

    __pydantic_config__ = _STRICT

    version: str
    commit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """What was trained, calibrated or measured on, and what its licence allows."""

    __pydantic_config__ = _STRICT

    name: str
    version: str = ""
    licence: str = "none stated"
    allows_training: Literal["yes", "research", "no", "unknown"] = "unknown"
    faces: Annotated[int, Field(ge=0)] | None = None
    used_for: str = "training"


Metrics = Mapping[str, Mapping[str, int | float | str | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All that a bundle says of itself.

    `files` holds the SHA-256 of every file beside the manifest, by its path.
    `thresholds` are the probabilities at or above which to flag, by the false-flag
    rate that they keep; `metrics` are figures by what was measured.
    """

    __pydantic_config__ = _STRICT

    format: Literal[1] = 1
    name: Name
    version: Version
    created: date
    code: Code
    seed: int | None = None
    preprocessing: str = ALIGNMENT
    detectors: Annotated[tuple[Detector, ...], Field(min_length=1, max_length=MOST_DETECTORS)]
    screens: Annotated[tuple[Screen, ...], Field(max_length=8)] = ()
    calibration: Path_ = "calibration.json"
    reference: Reference | None = None
    card: Path_ = "card.md"
    files: Annotated[Mapping[Path_, Sha256], Field(max_length=500)] = field(default_factory=dict)
    data_sets: tuple[DataSet, ...] = ()
    thresholds: Mapping[str, float | None] = field(default_factory=dict)
    metrics: Metrics = field(default_factory=dict)

    @property
    def title(self) -> str:
        """How commands and settings call the bundle: NAME:VERSION."""
        return f"{self.name}:{self.version}"

    @property
    def models(self) -> tuple[ModelDetector, ...]:
        return tuple(one for one in self.detectors if isinstance(one, ModelDetector))

    @property
    def heads(self) -> tuple[HeadDetector, ...]:
        return tuple(one for one in self.detectors if isinstance(one, HeadDetector))

    @property
    def over_tracks(self) -> tuple[TrackDetector, ...]:
        return tuple(one for one in self.detectors if isinstance(one, TrackDetector))
