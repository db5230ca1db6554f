"""The registry: one folder a data set and version, each with a description and a clip table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from datasets import description
from datasets.description import Described
from datasets.errors import DataSetRefused, UnknownDataSet
from datasets.paths import confined, sha256_of
from datasets.records import Clip, DataSet
from datasets.schema import clips_by_id, read_clips, write_clips
from inference.bundles.files import sync

DEFAULT_ROOT = Path(".veriscope/datasets")
TABLE = "clips.parquet"

_NEW_TABLE = f".{TABLE}.new"
_NEW_DESCRIPTION = f".{description.FILE}.new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A data set with its clips, as read from the registry."""

    dataset: DataSet
    clips: list[Clip]

    def media(self, clip: Clip) -> Path:
        """Where the clip's file is.

        Raises:
            DataSetRefused: the table's path leads out of the media root.
        """
        root = self.dataset.media_root
        return root / confined(root, clip.path)


class Registry:
    def __init__(self, root: Path = DEFAULT_ROOT) -> None:
        self.root = root

    def folder(self, dataset: DataSet) -> Path:
        return self.root / dataset.name / dataset.version

    def references(self) -> list[str]:
        """Every `NAME:VERSION`, by name, the newest version of a name last."""
        found = [
            (p.parent.parent.name, p.parent.name) for p in self.root.glob(f"*/*/{description.FILE}")
        ]
        return [f"{name}:{version}" for name, version in sorted(found, key=_by_version)]

    def versions(self, name: str) -> list[str]:
        """References of one data set, the newest last."""
        return [one for one in self.references() if one.partition(":")[0] == name]

    def resolve(self, reference: str) -> str:
        """`NAME[:VERSION]` with the version, the newest where none is given.

        Raises:
            UnknownDataSet: there is none.
        """
        name, _, version = reference.partition(":")
        found = [one for one in self.versions(name) if not version or one == reference]
        if not found:
            known = ", ".join(self.references()) or "nothing"
            raise UnknownDataSet(f"no data set {reference} in {self.root}, which holds {known}")
        return found[-1]

    def describe(self, reference: str) -> Described:
        """
        Raises:
            UnknownDataSet: there is none.
            DataSetRefused: its description is damaged, or that of another data set.
        """
        name, _, version = self.resolve(reference).partition(":")
        folder = self.root / name / version
        found = _left_behind(folder) or description.load(folder / description.FILE)
        if found.dataset.reference != f"{name}:{version}":
            raise DataSetRefused(f"{folder} holds the data set {found.dataset.reference}")
        return found

    def read(self, reference: str) -> Stored:
        """
        Raises:
            UnknownDataSet: there is none.
            DataSetRefused: its table is not the one that its description names.
        """
        found = self.describe(reference)
        table = self.folder(found.dataset) / TABLE
        if not table.is_file() or sha256_of(table) != found.table_sha256:
            raise DataSetRefused(
                f"{table} is not the table that {description.FILE} names: import again"
            )
        return Stored(dataset=found.dataset, clips=read_clips(table))

    def write(self, dataset: DataSet, clips: Sequence[Clip]) -> None:
        """Put a data set in place of what was there; both files or none.

        Whoever calls it holds the registry (`datasets.files.held`).

        Raises:
            DataSetRefused: two clips have one id.
        """
        clips_by_id(clips)
        folder = self.folder(dataset)
        folder.mkdir(parents=True, exist_ok=True)
        if _left_behind(folder):
            (folder / _NEW_DESCRIPTION).replace(folder / description.FILE)
        table = folder / _NEW_TABLE
        write_clips(table, clips)
        described = Described(dataset=dataset, table_sha256=sha256_of(table), clips=len(clips))
        (folder / _NEW_DESCRIPTION).write_text(description.dump(described), encoding="utf-8")
        for name in (_NEW_TABLE, _NEW_DESCRIPTION):
            sync(folder / name)
        table.replace(folder / TABLE)
        (folder / _NEW_DESCRIPTION).replace(folder / description.FILE)
        sync(folder)


def _left_behind(folder: Path) -> Described | None:
    """The description of a write that ended between its two renamings, where one did.

    Readers hold no lock, so they leave it where it is; the next write puts it in its place.
    """
    new, table = folder / _NEW_DESCRIPTION, folder / TABLE
    if not new.is_file() or (folder / _NEW_TABLE).exists() or not table.is_file():
        return None
    with suppress(DataSetRefused):  # a write has put it in its place meanwhile
        found = description.load(new)
        return found if found.table_sha256 == sha256_of(table) else None
    return None


def _by_version(reference: tuple[str, str]) -> tuple[str, list[tuple[int, str]]]:
    name, version = reference
    return name, [(int(n or -1), text) for n, text in re.findall(r"(\d+)|([^\d]+)", version)]
