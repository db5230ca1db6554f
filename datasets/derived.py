"""What was made from clips: faces cut out of them, and caches. Found again when someone withdraws.

Before anything is derived from a registry's clips, a pointer to where it will be is left in the
registry; so even what a crash left half-made is found. A folder is pointed to only when it was new,
empty or marked as ours, and only what carries our mark is deleted: see `marks`.
"""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from datasets import marks
from datasets.errors import DataSetRefused
from datasets.files import held, replacing
from datasets.texts import read_csv, read_json_object

POINTERS = "derived"
INDEX, CROPS, PATCHES = "faces.csv", "crops.npy", "patches"

_PATIENCE_SECONDS = 10.0  # two that register meet for milliseconds; an import takes longer

Gone = set[tuple[str, str]]
"""Clips that are gone: `NAME:VERSION` and clip id."""


class Kind(StrEnum):
    """`faces`: a folder that training.faces wrote. `cache`, `file`: one to delete whole.

    Pointers of earlier versions say `cache` of files, too.
    """

    FACES = "faces"
    CACHE = "cache"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    path: Path
    kind: Kind
    data_sets: tuple[str, ...]


def register(root: Path, path: Path, kind: Kind, data_sets: Iterable[str]) -> None:
    """Leave a pointer in the registry at `root`; call it before anything is written to `path`.

    A folder is made where there is none, and marked.

    Raises:
        DataSetRefused: what is at `path` was not made by us, so a withdrawal must not delete it;
            or another command changes the registry.
    """
    with held(root, patience_seconds=_PATIENCE_SECONDS):
        _register(root, path.resolve(), kind, set(data_sets))


def _register(root: Path, path: Path, kind: Kind, data_sets: set[str]) -> None:
    folder = root / POINTERS
    known = {one for old in pointers(root) if old.path == path for one in old.data_sets}
    if kind is Kind.FILE:
        _refuse_foreign_file(path, bool(known))
    elif not (kind is Kind.FACES and (path / INDEX).is_file()):
        marks.mark(path)
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(str(path).encode()).hexdigest()[:16]
    facts = {"path": str(path), "kind": kind.value, "data_sets": sorted(known | data_sets)}
    with replacing(folder / f"{name}.json") as file:
        file.write_text(json.dumps(facts), encoding="utf-8")


def pointers(root: Path) -> list[Pointer]:
    """
    Raises:
        DataSetRefused: one is damaged, so that what it points to would not be found.
    """
    found = []
    for file in sorted((root / POINTERS).glob("*.json")):
        facts = read_json_object(file)
        try:
            found.append(
                Pointer(
                    path=Path(facts["path"]),
                    kind=Kind(facts["kind"]),
                    data_sets=tuple(facts["data_sets"]),
                )
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataSetRefused(f"{file} is no pointer to derived files") from error
    return found


def count(pointer: Pointer, gone: Gone) -> int:
    """How many faces (or, of a cache, files) would go; none of what is not ours to delete."""
    if not pointer.path.exists() or left_alone(pointer):
        return 0
    if (pointer.path / INDEX).is_file() and pointer.kind is Kind.FACES:
        return sum(_is_gone(row, gone) for row in read_csv(pointer.path / INDEX, ("file",)))
    if not any(name in pointer.data_sets for name, _ in gone):
        return 0
    return 1 if pointer.path.is_file() else max(1, marks.files_in(pointer.path))


def left_alone(pointer: Pointer) -> bool:
    """Whether something is there that does not carry our mark: a human must look."""
    path = pointer.path
    if pointer.kind is Kind.FACES and (path / INDEX).is_file():
        return False
    if path.is_dir():
        return pointer.kind is Kind.FILE or not marks.is_marked(path)
    return path.exists() and pointer.kind is Kind.FACES


def remove(pointer: Pointer, gone: Gone) -> None:
    """Remove what was derived from clips; may be done again after it was interrupted.

    Raises:
        OSError: something cannot be removed.
        DataSetRefused: the faces' index and crops do not belong together.
    """
    if not count(pointer, gone):
        return
    if pointer.kind is not Kind.FACES:
        _delete(pointer.path)
    elif (pointer.path / INDEX).is_file():
        _cut_faces(pointer.path, gone)
    else:  # an extraction that did not end: no index tells whose faces these are
        for name in (PATCHES, CROPS, marks.MARK):
            _delete(pointer.path / name)


def _refuse_foreign_file(path: Path, known: bool) -> None:
    if path.is_dir():
        raise DataSetRefused(f"{path} is a folder, where a file is to be written")
    if path.exists() and not known:
        raise DataSetRefused(
            f"{path} exists and was not made from these data sets: remove it, or give another name"
        )


def _is_gone(row: dict[str, str], gone: Gone) -> bool:
    return (row.get("data_set", ""), row.get("clip_id", "")) in gone


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _cut_faces(folder: Path, gone: Gone) -> None:
    """Pictures first, then crops, then the index, which tells the rest as long as it stands."""
    rows = list(read_csv(folder / INDEX, ("file",)))
    kept = [number for number, row in enumerate(rows) if not _is_gone(row, gone)]
    for row in rows:
        if _is_gone(row, gone):
            _delete(folder / PATCHES / Path(row["file"]).name)
    for other in folder.iterdir():
        if other.suffix in (".npy", ".npz") and other.name != CROPS:
            _delete(other)  # features by row: stale now, and partly of who withdrew
    _cut_crops(folder / CROPS, kept, len(rows))
    with replacing(folder / INDEX) as path, path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows[number] for number in kept)


def _cut_crops(path: Path, kept: list[int], rows: int) -> None:
    if not path.is_file():
        return
    crops = np.load(path, mmap_mode="r", allow_pickle=False)
    if len(crops) == len(kept):
        return  # cut before, when the index was not yet
    if len(crops) != rows:
        raise DataSetRefused(f"{path} has {len(crops)} crops for the {rows} faces of {INDEX}")
    with replacing(path) as beside, beside.open("wb") as file:
        np.save(file, np.asarray(crops[kept]))
