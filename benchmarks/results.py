"""What measuring found, as JSON files with a schema: tables and pictures are drawn from these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from benchmarks.bootstrap import Estimate
from benchmarks.table import Run
from moderation.errors import InvalidConfiguration

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many clips a figure rests on; those without a face are in no figure."""

    forged: int
    real: int
    groups: int
    abstained: int = 0
    without_face: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Forged clips of some methods against real ones of some.

    `trivial`: the AUC of each score that knows nothing of forgeries, in the direction that
    suits it, and of all of them together (`mix`); `detectors`: that of each detector's logit.
    `met`: whether what was asked of the AUC holds, None when nothing was.
    """

    name: str
    counts: Counts
    metrics: Mapping[str, Estimate]
    trivial: Mapping[str, float] = field(default_factory=dict)
    detectors: Mapping[str, float] = field(default_factory=dict)
    forged: tuple[str, ...] = ()
    real: tuple[str, ...] = ()
    equalise: str = ""
    match: str = ""
    asked: str = ""
    met: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of a matrix; `unseen`: the row was trained without what the column measures.

    `trivial`: the AUC of the best single score that knows nothing of forgeries.
    """

    row: str
    column: str
    counts: Counts
    auc: Estimate
    trivial: float | None = None
    unseen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The clips for which a variable has one value.

    `false_flags`: share of reals flagged; `misses`: share of forgeries not flagged. `trivial` as
    in a cell.
    """

    variable: str
    value: str
    counts: Counts
    metrics: Mapping[str, Estimate]
    trivial: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """The distance between the best and the worst slice of a variable, by one metric."""

    variable: str
    metric: str
    best: str
    worst: str
    gap: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Clips of which nearly the same was said: mean probability, share forged, how many."""

    said: float
    so: float
    clips: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Points of a line: at `x` (0 to 1) it is `y`."""

    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """How good one bundle is on one set of clips."""

    kind: Literal["measurement"] = "measurement"
    run: Run
    all_clips: Compared
    risk_coverage: Curve
    reliability: tuple[Bin, ...]
    comparisons: tuple[Compared, ...] = ()
    methods_by_compression: tuple[Cell, ...] = ()
    slices: tuple[Slice, ...] = ()
    gaps: tuple[Gap, ...] = ()
    not_compared: tuple[str, ...] = ()
    samples: int = 0
    seed: int = 1
    format: Literal[1] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Generalisation:
    """Bundles trained without something (rows) measured on everything (columns)."""

    kind: Literal["generalisation"] = "generalisation"
    by: Literal["method", "data_set"]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[Cell, ...]
    samples: int = 0
    seed: int = 1
    format: Literal[1] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Distorted:
    """What one distortion does: `drop` is the AUC lost against the same clips undistorted.

    `lost_faces`: the share of clips with a face before in which none is found any more.
    """

    distortion: str
    family: str
    strength: str
    counts: Counts
    auc: Estimate
    drop: Estimate
    lost_faces: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Robustness:
    """What distortions cost one bundle."""

    kind: Literal["robustness"] = "robustness"
    run: Run
    undistorted: Estimate
    distorted: tuple[Distorted, ...]
    samples: int = 0
    seed: int = 1
    format: Literal[1] = 1


Results: TypeAlias = Measurement | Generalisation | Robustness

_ADAPTER: TypeAdapter[Results] = TypeAdapter(
    Annotated[Results, Field(discriminator="kind")], config=ConfigDict(extra="forbid")
)


def read_results(file: Path) -> Results:
    """Raises: InvalidConfiguration, when it is none of ours, or of another format."""
    try:
        return _ADAPTER.validate_json(file.read_bytes())
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise InvalidConfiguration(f"{file}: {place}: {fault['msg']}") from error
    except OSError as error:
        raise InvalidConfiguration(f"{file} cannot be read: {error}") from error


def write_results(results: Results, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_ADAPTER.dump_json(results, indent=1) + b"\n")


def results_schema() -> dict[str, Any]:
    """JSON Schema of a results file."""
    return _ADAPTER.json_schema(mode="serialization")
