"""A task on disk: the public part that submitters get, and the secret part that they do not.

PUBLIC/task.yaml     name, how many clips, what was done to them
PUBLIC/clips.csv     clip_id, path, share (public or private)
PUBLIC/labels.csv    clip_id, label: of the public share alone
PUBLIC/media/        the clips under their new names
SECRET/labels.csv    clip_id, label, share, group, method, original: of all
SECRET/tables/       scores of bundles, and the faces that were cut out for them
"""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from benchmarks.clips import LABELS, Clip
from moderation.errors import InvalidConfiguration

FORMAT = 1
TASK, CLIPS, OPEN_LABELS, MEDIA = "task.yaml", "clips.csv", "labels.csv", "media"
SECRET_LABELS, TABLES = "labels.csv", "tables"
PUBLIC, PRIVATE = "public", "private"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A clip as submitters see it."""

    clip_id: str
    path: str
    share: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """What the organiser knows of a clip; `original` is its id in the data set."""

    clip_id: str
    label: str
    share: str
    group: str
    method: str
    original: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """The public part. `sha256` is that of the list of clips: what a submission is for."""

    folder: Path
    name: str
    equalise: str
    sha256: str
    clips: tuple[Listed, ...]

    def media(self) -> list[Clip]:
        """The clips to be scored; labels are those of the public share, the rest empty."""
        known = self.open_labels()
        return [
            Clip(
                clip_id=one.clip_id,
                path=self.folder / one.path,
                label=known.get(one.clip_id, ""),
                group=one.clip_id,
                data_set=self.name,
                split=one.share,
            )
            for one in self.clips
        ]

    def open_labels(self) -> dict[str, str]:
        """Labels of the public share, by clip.

        Raises:
            InvalidConfiguration: they cannot be read.
        """
        return {row["clip_id"]: row["label"] for row in _rows(self.folder / OPEN_LABELS)}


def read_task(folder: Path) -> Task:
    """Raises: InvalidConfiguration, when there is no task in the folder."""
    try:
        written = yaml.safe_load((folder / TASK).read_bytes())
        if written["format"] != FORMAT:
            raise ValueError(f"format {written['format']}, not {FORMAT}")
        return Task(
            folder=folder,
            name=str(written["name"]),
            equalise=str(written["equalise"]),
            sha256=hashlib.sha256((folder / CLIPS).read_bytes()).hexdigest(),
            clips=tuple(Listed(**row) for row in _rows(folder / CLIPS)),
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise InvalidConfiguration(f"{folder} is no task: {error!r}") from error


def read_secret(folder: Path, task: Task) -> dict[str, Secret]:
    """What the organiser knows, by clip.

    Raises:
        InvalidConfiguration: it cannot be read, or is that of another task.
    """
    try:
        known = {row["clip_id"]: Secret(**row) for row in _rows(folder / SECRET_LABELS)}
    except (KeyError, TypeError) as error:
        raise InvalidConfiguration(f"{folder} holds no labels of a task: {error!r}") from error
    if {one.clip_id for one in task.clips} != set(known):
        raise InvalidConfiguration(f"{folder} holds the labels of another task")
    if any(one.label not in LABELS or one.share not in (PUBLIC, PRIVATE) for one in known.values()):
        raise InvalidConfiguration(f"{folder}: a label or a share is none")
    return known


def write_task(
    public: Path, secret: Path, known: Sequence[Secret], paths: Mapping[str, str], facts: Any
) -> None:
    """Write lists and labels, in the order of the new ids, which tells nothing.

    `paths` are those of the media within the public part; `facts` go into task.yaml. The secret
    part is readable by its owner alone.
    """
    ordered = sorted(known, key=lambda one: one.clip_id)
    listed = [
        Listed(clip_id=one.clip_id, path=paths[one.clip_id], share=one.share) for one in ordered
    ]
    _write(public / CLIPS, (asdict(one) for one in listed), _names(Listed))
    opened = [{"clip_id": o.clip_id, "label": o.label} for o in ordered if o.share == PUBLIC]
    _write(public / OPEN_LABELS, opened, ("clip_id", "label"))
    (public / TASK).write_text(yaml.safe_dump({"format": FORMAT, **facts}, sort_keys=False))
    secret.mkdir(parents=True, exist_ok=True, mode=0o700)
    (secret / SECRET_LABELS).touch(mode=0o600)
    _write(secret / SECRET_LABELS, (asdict(one) for one in ordered), _names(Secret))
    for path in (public / CLIPS, public / OPEN_LABELS, public / TASK):
        os.utime(path, (0, 0))


def _names(record: type[Listed] | type[Secret]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(record))


def _rows(file: Path) -> list[dict[str, str]]:
    try:
        with file.open(newline="", encoding="utf-8") as opened:
            return list(csv.DictReader(opened))
    except (OSError, UnicodeError, csv.Error) as error:
        raise InvalidConfiguration(f"{file} cannot be read: {error}") from error


def _write(file: Path, rows: Iterable[Mapping[str, str]], names: Sequence[str]) -> None:
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.DictWriter(opened, names)
        writer.writeheader()
        writer.writerows(rows)
