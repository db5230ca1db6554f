"""Clips as training and measuring take them: where the file is, what it shows, whose it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from datasets.errors import DataSetRefused
from datasets.groups import connected
from datasets.licences import Material, material_of
from datasets.paths import confined
from datasets.records import Clip, Region
from datasets.registry import Registry, Stored
from datasets.texts import read_csv
from datasets.withdrawal import refuse_unfinished

ORIGIN = ("clip_id", "subject", "data_set")
"""Columns by which what was derived from a clip is found again; empty for a loose manifest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`facts`: label, method, source, group, path, crop (`left`, `right` or empty), and ORIGIN.

    A group is never split between training and what is held out.
    """

    root: Path
    facts: dict[str, str]
    material: Material


def from_registry(registry: Registry, references: Iterable[str], split: str) -> list[Row]:
    """Clips of data sets (`NAME[:VERSION]`) in a split, ours or as its makers call it.

    Raises:
        UnknownDataSet: one is not in the registry.
        DataSetRefused: there are none in that split, or a withdrawal is not finished.
    """
    refuse_unfinished(registry.root)
    rows = [row for one in references for row in _rows_of(registry.read(one), split)]
    if not rows:
        raise DataSetRefused(f"no clips in the split {split!r}: see `veriscope data split`")
    return rows


def _rows_of(stored: Stored, split: str) -> list[Row]:
    groups = connected(stored.clips)
    return [
        Row(
            root=stored.dataset.media_root,
            facts=_facts(stored, clip, stored.clips[group]),
            material=material_of(stored.dataset, clip.licence),
        )
        for clip, group in zip(stored.clips, groups, strict=True)
        if split in (clip.split.value, clip.official_split)
    ]


def _facts(stored: Stored, clip: Clip, first: Clip) -> dict[str, str]:
    return {
        "path": confined(stored.dataset.media_root, clip.path),
        "label": clip.label.value,
        "method": clip.method or stored.dataset.name,
        "source": clip.source or stored.dataset.name,
        "group": f"{stored.dataset.name}/{first.clip_id}",
        "crop": "" if clip.region is Region.WHOLE else clip.region.value,
        "clip_id": clip.clip_id,
        "subject": ";".join(clip.subjects),
        "data_set": stored.dataset.reference,
    }


def from_manifest(manifest: Path, split: str, skip: Sequence[str] = ()) -> list[Row]:
    """Lines of a CSV manifest in a split, except those of methods to skip.

    Raises:
        DataSetRefused: it is no manifest, or a path leaves its folder.
    """
    needed = ("path", "split", "label", "method", "source", "group", "crop")
    return [
        Row(
            root=manifest.parent,
            facts=row
            | {"path": confined(manifest.parent, row["path"])}
            | {name: row.get(name, "") for name in ORIGIN},
            material=Material(
                name=row["method"] or manifest.stem,
                version="1",
                licence=row.get("licence") or "unknown",
            ),
        )
        for row in read_csv(manifest, needed)
        if row["split"] == split and row["method"] not in skip
    ]
