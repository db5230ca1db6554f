"""The score table: one row a clip, as Parquet; its schema, and reading and writing it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.leaving_out import groups_named
from moderation.errors import InvalidConfiguration

FORMAT = 1
_METADATA = b"veriscope"

# Columns of which there are as many as the bundle, the registry or the media give.
LOGIT, FAMILY, TRIVIAL, SLICE = "logit_", "family_", "trivial_", "slice_"
_MAPPINGS = {"logits": LOGIT, "families": FAMILY, "trivial": TRIVIAL, "slices": SLICE}

_FIXED = pa.schema(
    [
        pa.field("clip_id", pa.string(), nullable=False),
        pa.field("data_set", pa.string()),
        pa.field("split", pa.string()),
        pa.field("label", pa.string()),  # real, fake; empty where it is not known here
        pa.field("method", pa.string()),
        pa.field("family", pa.string()),  # swap, reenactment, lip-sync, generated, edited
        pa.field("group", pa.string()),  # never split between training and measuring
        pa.field("compression", pa.string()),
        pa.field("kind", pa.string()),  # image, video
        pa.field("rejection", pa.string()),  # why it could not be read; empty when it could
        pa.field("faces_found", pa.int32()),
        pa.field("crops_judged", pa.int32()),
        pa.field("fake_probability", pa.float64()),  # of the face, with nothing abstained from
        pa.field("given_probability", pa.float64()),  # what the verdict says; null: it abstains
        pa.field("label_given", pa.string()),
        pa.field("abstained", pa.bool_()),
        pa.field("reasons", pa.list_(pa.string())),
        pa.field("embedding_distance", pa.float64()),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    """What came out for one clip; columns as in the schema above.

    `logits` are pooled over the crops of the face that decides, by detector; `trivial` what
    needs no detector: see `benchmarks.trivial`.
    """

    clip_id: str
    data_set: str = ""
    split: str = ""
    label: str = ""
    method: str = ""
    family: str = ""
    group: str = ""
    compression: str = ""
    kind: str = ""
    rejection: str = ""
    faces_found: int = 0
    crops_judged: int = 0
    fake_probability: float | None = None
    given_probability: float | None = None
    label_given: str = ""
    abstained: bool = False
    reasons: Sequence[str] = ()
    embedding_distance: float | None = None
    logits: Mapping[str, float] = field(default_factory=dict)
    families: Mapping[str, float] = field(default_factory=dict)
    trivial: Mapping[str, float] = field(default_factory=dict)
    slices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What made a table. Two tables of one run hold the same figures.

    `equalise`: as in `benchmarks.equalising`, or empty; `distortion`: kind and
    strength, or empty; `left_out`: what the bundle was trained without; `suspect`: the policy's
    threshold from which on an upload is flagged.
    """

    bundle_name: str
    bundle_version: str
    bundle_sha256: str
    policy_sha256: str
    preprocessing: str = ""
    suspect: float = 0.5
    equalise: str = ""
    distortion: str = ""
    left_out: str = ""
    format: int = FORMAT


class _Row(NamedTuple):
    """What a list of `benchmarks.leaving_out` may name a row by."""

    clip_id: str
    data_set: str
    method: str
    group: str


class ScoreTable:
    """Columns of many clips, and the run they come from."""

    def __init__(self, run: Run, columns: pa.Table) -> None:
        self.run = run
        self._columns = columns

    @classmethod
    def of(cls, run: Run, rows: Iterable[ScoreRow]) -> Self:
        return cls(run, pa.Table.from_pylist([_flat(row) for row in rows], _schema(rows)))

    @classmethod
    def read(cls, file: Path) -> Self:
        """Raises: InvalidConfiguration, when it is no score table of this format."""
        try:
            columns = pq.read_table(file)
            written = json.loads((columns.schema.metadata or {})[_METADATA])
            if written["format"] != FORMAT:
                raise ValueError(f"format {written['format']}, not {FORMAT}")
            return cls(Run(**written), columns)
        except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
            raise InvalidConfiguration(f"{file} is no score table: {error!r}") from error

    def write(self, file: Path) -> None:
        identity = ("bundle_name", "bundle_version", "bundle_sha256")
        columns = self._columns
        for name in identity:
            if name not in columns.column_names:
                values = pa.array([getattr(self.run, name)] * len(self), pa.string())
                columns = columns.append_column(name, values)
        metadata = {_METADATA: json.dumps(asdict(self.run), sort_keys=True)}
        file.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(columns.replace_schema_metadata(metadata), file, compression="zstd")

    def __len__(self) -> int:
        return int(self._columns.num_rows)

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A column as floats (N), NaN where it is null."""
        column = self._columns[name].cast(pa.float64())
        return np.asarray(column.to_numpy(zero_copy_only=False), np.float64)

    def texts(self, name: str) -> NDArray[np.str_]:
        """A column as words (N), empty where it is null."""
        return np.array([value or "" for value in self._columns[name].to_pylist()], np.str_)

    def flags(self, name: str) -> NDArray[np.bool_]:
        return np.array(self._columns[name].to_pylist(), bool)

    def named(self, prefix: str) -> list[str]:
        """What follows the prefix in the names of columns: detectors, families, …"""
        names = self._columns.column_names
        return [name.removeprefix(prefix) for name in names if name.startswith(prefix)]

    def where(self, kept: NDArray[np.bool_] | NDArray[np.int64]) -> ScoreTable:
        """The rows of a mask (N), or at places, in their order."""
        places = np.flatnonzero(kept) if kept.dtype == bool else kept
        return ScoreTable(self.run, self._columns.take(pa.array(places)))

    def joined(self, other: ScoreTable) -> ScoreTable:
        """The rows of both, of one run; what one of them does not say is null.

        Raises:
            InvalidConfiguration: a clip is in both.
        """
        known = {(row["data_set"], row["clip_id"]) for row in self.rows()}
        for row in other.rows():
            if (row["data_set"], row["clip_id"]) in known:
                raise InvalidConfiguration(f"{row['clip_id']} is in two score tables")
        both = pa.concat_tables([self._columns, other._columns], promote_options="permissive")
        return ScoreTable(self.run, both)

    def without(self, names: Collection[str]) -> ScoreTable:
        """Without the groups that a list names: see `benchmarks.leaving_out`."""
        if not names:
            return self
        columns = (self.texts(name).tolist() for name in _Row._fields)
        rows = [_Row(*values) for values in zip(*columns, strict=True)]
        gone = groups_named(rows, names)
        return self.where(np.array([row.group not in gone for row in rows], bool))

    def rows(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self._columns.to_pylist()
        return listed


def _flat(row: ScoreRow) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for each in fields(row):
        value = getattr(row, each.name)
        prefix = _MAPPINGS.get(each.name)
        if prefix is None:
            flat[each.name] = list(value) if each.name == "reasons" else value
            continue
        flat |= {prefix + name: one for name, one in value.items()}
    return flat


def _schema(rows: Iterable[ScoreRow]) -> pa.Schema:
    """The fixed columns, and one for each name that any row has."""
    schema = _FIXED
    for attribute, prefix in _MAPPINGS.items():
        names = sorted({name for row in rows for name in getattr(row, attribute)})
        kind = pa.string() if prefix == SLICE else pa.float64()
        for name in names:
            schema = schema.append(pa.field(prefix + name, kind))
    return schema
