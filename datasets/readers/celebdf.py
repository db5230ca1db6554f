"""Celeb-DF v2 (Li et al., 2020).

    Celeb-real/id0_0000.mp4              person _ number
    Celeb-synthesis/id0_id1_0000.mp4     person seen _ whose face was swapped in _ number
    YouTube-real/00000.mp4               other people, once each
    List_of_testing_videos.txt           "1 Celeb-real/id0_0000.mp4": here 1 is real, 0 fake

What is not in the list is for training. The list does not keep people apart.
"""

from __future__ import annotations

import re
from pathlib import Path

from datasets.errors import DataSetRefused
from datasets.paths import confined, media_below
from datasets.readers.protocol import Gathering, Reading, Terms, word
from datasets.records import Clip, Family, Label, Permission, Use

_LIST = "List_of_testing_videos.txt"
_LABELS = {"Celeb-real": Label.REAL, "Celeb-synthesis": Label.FAKE, "YouTube-real": Label.REAL}
_NUMBERS = {"1": Label.REAL, "0": Label.FAKE}
_REAL = re.compile(r"(?P<target>id\d+)_(?P<number>\d{4})")
_FAKE = re.compile(r"(?P<target>id\d+)_(?P<source>id\d+)_(?P<number>\d{4})")


class CelebDf:
    @property
    def terms(self) -> Terms:
        return Terms(
            name="celeb-df-v2",
            licence="Celeb-DF terms of use",
            source="Celeb-DF v2, https://github.com/yuezunli/celeb-deepfakeforensics",
            uses={Use.TRAINING: Permission.RESEARCH, Use.EVALUATION: Permission.RESEARCH},
        )

    def recognises(self, source: Path) -> bool:
        return (source / "Celeb-synthesis").is_dir() or (source / _LIST).is_file()

    def read(self, source: Path, media: Path | None) -> Reading:
        root = media or source
        tested = _tested(source / _LIST, root)
        gathered = Gathering(root)
        for folder, label in _LABELS.items():
            for path in media_below(root, root / folder):
                gathered.clips.append(_clip(root, path, label, tested))
        absent = set(tested or {}) - {_listed_name(clip.path) for clip in gathered.clips}
        gathered.absent = len(absent)
        return gathered.reading([] if tested is not None else [f"no {_LIST}: no official split"])


def _tested(path: Path, root: Path) -> set[str] | None:
    """Paths in the list of test videos; none when there is no list.

    Raises:
        DataSetRefused: a line is none, or its label contradicts the folder.
    """
    if not path.is_file():
        return None
    found = set()
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if not line.strip():
            continue
        number, _, written = line.strip().partition(" ")
        video = confined(root, written)
        folder = video.partition("/")[0]
        if word(_NUMBERS, number, f"{path.name}: {written}") is not _LABELS.get(folder):
            raise DataSetRefused(f"{path.name}: {line.strip()!r} contradicts its folder")
        found.add(video)
    return found


def _official(path: str, tested: set[str] | None) -> str:
    if tested is None:
        return ""
    return "test" if _listed_name(path) in tested else "train"


def _listed_name(path: str) -> str:
    """The path as the list has it: some tools put the files into a `videos` folder."""
    folder, name = Path(path).parts[0], Path(path).name
    return f"{folder}/{name}"


def _clip(root: Path, path: str, label: Label, tested: set[str] | None) -> Clip:
    stem, suffix = Path(path).stem, Path(path).suffix
    fake = label is Label.FAKE
    named = (_FAKE if fake else _REAL).fullmatch(stem)
    people = [name for key, name in (named.groupdict() if named else {}).items() if key != "number"]
    official = _official(path, tested)
    original = ""
    if fake and named:
        below = path.removeprefix("Celeb-synthesis/").removesuffix(f"{stem}{suffix}")
        original = f"Celeb-real/{below}{named['target']}_{named['number']}{suffix}"
    return Clip(
        path=path,
        label=label,
        method="celeb-df-v2" if fake else "",
        family=Family.SWAP if fake else Family.NONE,
        subjects=tuple(people),
        original=original if original and (root / original).is_file() else "",
        group="" if named else f"video {stem}",
        official_split=official,
        source=path.partition("/")[0],
    )
