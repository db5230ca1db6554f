"""DFDC (Dolhansky et al., 2020): parts with a `metadata.json`, test clips with a `labels.csv`.

    dfdc_train_part_0/metadata.json   {"aaa.mp4": {"label": "FAKE", "split": "train",
    dfdc_train_part_0/aaa.mp4                      "original": "bbb.mp4"}, …}
    test/labels.csv                   filename,label   (1 is fake)

An original may be in another part than its forgery. Who is seen is not told.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from datasets.errors import DataSetRefused
from datasets.paths import confined_name
from datasets.readers.protocol import Gathering, Reading, Terms, word
from datasets.records import Clip, Family, Label, clip_id
from datasets.texts import read_csv, read_json_object

_METADATA, _LABELS = "metadata.json", "labels.csv"
_WORDS = {"REAL": Label.REAL, "FAKE": Label.FAKE}
_NUMBERS = {"0": Label.REAL, "1": Label.FAKE}
_SPLITS = ("train", "validation", "test")


class Dfdc:
    @property
    def terms(self) -> Terms:
        return Terms(
            name="dfdc",
            licence="DFDC dataset agreement",
            consent="paid actors who agreed",
            source="Deepfake Detection Challenge, https://ai.meta.com/datasets/dfdc/",
        )

    def recognises(self, source: Path) -> bool:
        folders = _folders(source)
        return any(_has_labels(folder / _METADATA) or _is_listed(folder) for folder in folders)

    def read(self, source: Path, media: Path | None) -> Reading:
        root = media or source
        gathered = Gathering(root)
        originals: dict[str, str] = {}
        for folder in _folders(source):
            below = folder.relative_to(source).as_posix().removeprefix(".")
            if (folder / _METADATA).is_file():
                originals |= _read_part(gathered, folder / _METADATA, below)
            elif _is_listed(folder):
                _read_list(gathered, folder / _LABELS, below)
        _link(gathered.clips, originals)
        return gathered.reading()


def _folders(source: Path) -> list[Path]:
    """The folder itself, its parts, and the parts in its `train` and `test` folders."""
    if not source.is_dir():
        return []
    children = sorted(path for path in source.iterdir() if path.is_dir())
    below = [p for c in children if c.name in _SPLITS for p in sorted(c.iterdir()) if p.is_dir()]
    return [source, *children, *below]


def _is_listed(folder: Path) -> bool:
    return folder.name in _SPLITS and (folder / _LABELS).is_file()


def _has_labels(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open(encoding="utf-8", errors="replace") as file:
        return '"label"' in file.read(4096)


def _read_part(gathered: Gathering, metadata: Path, below: str) -> dict[str, str]:
    """Add a part's clips; returns the original's file name by the forgery's clip id."""
    originals = {}
    for name, facts in read_json_object(metadata).items():
        if not isinstance(facts, dict):
            raise DataSetRefused(f"{metadata}: {name!r} has no facts")
        path = confined_name(gathered.root, below, name)
        label = word(_WORDS, facts.get("label"), f"{metadata}: {name}")
        if not gathered.there(path):
            continue
        gathered.clips.append(_clip(path, label, str(facts.get("split") or "")))
        if facts.get("original"):
            originals[clip_id(path)] = str(facts["original"])
    return originals


def _read_list(gathered: Gathering, labels: Path, below: str) -> None:
    for row in read_csv(labels, ("filename", "label")):
        path = confined_name(gathered.root, below, row["filename"])
        label = word(_NUMBERS, row["label"], f"{labels}: {row['filename']}")
        if gathered.there(path):
            gathered.clips.append(_clip(path, label, labels.parent.name))


def _clip(path: str, label: Label, split: str) -> Clip:
    fake = label is Label.FAKE
    return Clip(
        path=path,
        label=label,
        method="dfdc" if fake else "",
        family=Family.SWAP if fake else Family.NONE,
        official_split=split,
    )


def _link(clips: list[Clip], originals: dict[str, str]) -> None:
    """Name each forgery's original; where that is not here, its name still keeps them together."""
    by_name: dict[str, Any] = {Path(clip.path).name: clip.clip_id for clip in clips}
    for at, clip in enumerate(clips):
        name = originals.get(clip.clip_id)
        if name is not None:
            clips[at] = replace(clip, original=by_name.get(name, ""), group=f"original {name}")
