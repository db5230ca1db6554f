"""The clip table on disk: its columns in one place, and its format's version."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from datasets.errors import DataSetRefused
from datasets.records import Clip, Family, Label, Region, Split

FORMAT = 1

_WORDS = {"label": Label, "family": Family, "split": Split, "region": Region}
_ID = "clip_id"  # written for other readers of the table; derived from the path when read
_KEY = b"veriscope.clips"


def _type_of(name: str) -> pa.DataType:
    if name == "subjects":
        return pa.list_(pa.string())
    if name == "skin_tone":
        return pa.int8()
    return pa.string()


_COLUMNS = (_ID, *(field.name for field in fields(Clip)))

SCHEMA = pa.schema(
    [pa.field(name, _type_of(name), nullable=name == "skin_tone") for name in _COLUMNS],
    metadata={_KEY: json.dumps({"format": FORMAT})},
)


def write_clips(path: Path, clips: Sequence[Clip]) -> None:
    """Write the table, sorted by clip id, so that equal tables are equal files."""
    ordered = sorted(clips, key=lambda clip: clip.clip_id)
    columns: dict[str, list[Any]] = {
        name: [_cell(getattr(clip, name)) for clip in ordered] for name in SCHEMA.names
    }
    pq.write_table(pa.table(columns, schema=SCHEMA), path, compression="zstd")


def _cell(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def read_clips(path: Path) -> list[Clip]:
    """
    Raises:
        DataSetRefused: the table is missing, damaged, or of another format.
    """
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise DataSetRefused(f"{path} is no clip table: {error}") from error
    found = _format_of(table.schema.metadata or {})
    if found != FORMAT:
        raise DataSetRefused(f"{path} is of format {found}, this version reads {FORMAT}")
    missing = [name for name in SCHEMA.names if name not in table.column_names]
    if missing:
        raise DataSetRefused(f"{path} has no column {', '.join(missing)}")
    try:
        return [_clip(row) for row in table.select(SCHEMA.names).cast(SCHEMA).to_pylist()]
    except (ValueError, pa.ArrowException) as error:
        raise DataSetRefused(f"{path}: {error}") from error


def _format_of(metadata: dict[bytes, bytes]) -> int | None:
    try:
        found = json.loads(metadata.get(_KEY, b"{}"))
        return int(found["format"])
    except (ValueError, KeyError, TypeError):
        return None


def _clip(row: dict[str, Any]) -> Clip:
    del row[_ID]
    row["subjects"] = tuple(row["subjects"])
    return Clip(**row | {name: word(row[name]) for name, word in _WORDS.items()})


def clips_by_id(clips: Iterable[Clip]) -> dict[str, Clip]:
    """
    Raises:
        DataSetRefused: two clips have one id.
    """
    found: dict[str, Clip] = {}
    for clip in clips:
        if clip.clip_id in found:
            raise DataSetRefused(f"{clip.clip_id} is listed twice")
        found[clip.clip_id] = clip
    return found
