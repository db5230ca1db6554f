"""What is measured: clips with what is known of them, from a manifest or a folder."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

from moderation.errors import InvalidConfiguration

LABELS = ("real", "fake")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A medium, or one half of a side-by-side one, and what is known of it.

    `label` is empty where it is hidden. `region`: left or right for that half of the frame,
    empty for all of it. `group`: never split between training and measuring; a bootstrap
    draws groups. `slices`: the variables of the registry, those that are known.
    """

    clip_id: str
    path: Path
    label: str = ""
    method: str = ""
    family: str = ""
    group: str = ""
    data_set: str = ""
    split: str = ""
    compression: str = ""
    region: str = ""
    slices: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.region not in ("", "left", "right"):
            raise InvalidConfiguration(f"{self.clip_id}: region {self.region!r} is no half")
        if self.label not in ("", *LABELS):
            raise InvalidConfiguration(f"{self.clip_id}: label {self.label!r} is none")


def read_manifest(file: Path, *, data_set: str = "") -> list[Clip]:
    """Clips of a CSV manifest: path, label, and method, group, split, crop, … where it has them.

    Paths start from the manifest's folder.

    Raises:
        InvalidConfiguration: a column is missing, or a label or region is none.
    """
    try:
        with file.open(newline="") as opened:
            rows = list(csv.DictReader(opened))
        return [_of_row(file.parent, row, data_set or file.parent.name) for row in rows]
    except OSError as error:
        raise InvalidConfiguration(f"{file} cannot be read: {error}") from error
    except KeyError as error:
        raise InvalidConfiguration(f"{file} has no column {error}") from error


def _of_row(folder: Path, row: Mapping[str, str], data_set: str) -> Clip:
    region = row.get("crop", "")
    return Clip(
        clip_id=f"{row['path']}#{region}" if region else row["path"],
        path=folder / row["path"],
        label=row["label"],
        method=row.get("method", ""),
        family=row.get("family", row.get("category", "")),
        group=row.get("group", "") or row["path"],
        data_set=row.get("data_set", "") or data_set,
        split=row.get("split", ""),
        compression=row.get("compression", ""),
        region=region,
    )


def choose(
    clips: Iterable[Clip],
    *,
    split: str = "",
    methods: Sequence[str] = (),
    at_most: int = 0,
) -> list[Clip]:
    """Those of a split and of some methods; of each method and label `at_most`, 0 being all.

    Which ones follows from their groups alone, so that the same are chosen every time, and
    both sides of a pair or neither.
    """
    chosen = [
        clip
        for clip in clips
        if (not split or clip.split == split) and (not methods or clip.method in methods)
    ]
    if not at_most:
        return chosen
    return _first_of_each(chosen, at_most, key=lambda clip: (clip.method, clip.label))


def _first_of_each(
    clips: list[Clip], at_most: int, *, key: Callable[[Clip], tuple[str, str]]
) -> list[Clip]:
    drawn = sorted(clips, key=lambda clip: (crc32(clip.group.encode()), clip.group, clip.clip_id))
    counts: dict[tuple[str, str], int] = {}
    kept = set()
    for clip in drawn:
        counts[key(clip)] = counts.get(key(clip), 0) + 1
        if counts[key(clip)] <= at_most:
            kept.add(clip.clip_id)
    return [clip for clip in clips if clip.clip_id in kept]
