"""FaceForensics++ (Rössler et al., 2019), with Google and Jigsaw's DeepFakeDetection in it.

    original_sequences/youtube/c23/videos/000.mp4
    original_sequences/actors/c23/videos/01__hugging_happy.mp4
    manipulated_sequences/Deepfakes/c23/videos/000_003.mp4           target _ source
    manipulated_sequences/DeepFakeDetection/c23/videos/01_02__hugging_happy__YVGY8LOK.mp4
    train.json, val.json, test.json (or in splits/)                  [["071", "054"], …]

Both numbers of a pair, and both forgeries of it, are in the pair's split. DeepFakeDetection has
no official split.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from datasets.errors import DataSetRefused
from datasets.paths import MEDIA_SUFFIXES, confined
from datasets.readers.protocol import Gathering, Reading, Terms
from datasets.records import Clip, Family, Label, Permission, Use
from datasets.texts import read_json

_ORIGINALS, _FORGERIES = "original_sequences", "manipulated_sequences"
_ORIGIN = {"youtube": "youtube", "actors": "actor"}
_OF_ACTORS = ("actors", "DeepFakeDetection")
_FAMILIES = {
    "Deepfakes": Family.SWAP,
    "FaceSwap": Family.SWAP,
    "FaceShifter": Family.SWAP,
    "DeepFakeDetection": Family.SWAP,
    "Face2Face": Family.REENACTMENT,
    "NeuralTextures": Family.REENACTMENT,
}
_COMPRESSIONS = {"raw": "c0", "c0": "c0", "c23": "c23", "c40": "c40"}
_SPLITS = ("train", "val", "test")
_ACTOR = re.compile(r"(?P<target>\d\d)(_(?P<source>\d\d))?__(?P<scene>.+?)(__[A-Z0-9]{8})?")
_NUMBERS = re.compile(r"(?P<target>\d{3})(_(?P<source>\d{3}))?")


class FaceForensics:
    @property
    def terms(self) -> Terms:
        return Terms(
            name="faceforensics",
            licence="FaceForensics terms of use",
            source="FaceForensics++, https://github.com/ondyari/FaceForensics",
            uses={Use.TRAINING: Permission.RESEARCH, Use.EVALUATION: Permission.RESEARCH},
        )

    def recognises(self, source: Path) -> bool:
        return (source / _ORIGINALS).is_dir() or (source / _FORGERIES).is_dir()

    def read(self, source: Path, media: Path | None) -> Reading:
        root = media or source
        splits = _splits(source)
        gathered, left_out = Gathering(root), []
        for family, folder in _sequences(root):
            for path in sorted(folder.iterdir()):
                if path.suffix.lower() not in MEDIA_SUFFIXES:
                    continue
                if _named(path) is None:
                    left_out.append(f"{path.relative_to(root)}: no name of FaceForensics++")
                    continue
                gathered.clips.append(_clip(root, path, family, splits))
        if not splits:
            left_out.append("no train.json, val.json, test.json: no official split is known")
        return gathered.reading(left_out)


def _sequences(root: Path) -> Iterator[tuple[Family, Path]]:
    """Each folder of videos, with its family."""
    names = [(_ORIGINALS, name, Family.NONE) for name in _ORIGIN]
    names += [(_FORGERIES, name, family) for name, family in _FAMILIES.items()]
    for top, name, family in names:
        for compression in _COMPRESSIONS:
            folder = root / top / name / compression / "videos"
            if folder.is_dir():
                yield family, folder


def _named(path: Path) -> re.Match[str] | None:
    """What the name of a video tells: `…/METHOD/COMPRESSION/videos/NAME.mp4`."""
    pattern = _ACTOR if path.parts[-4] in _OF_ACTORS else _NUMBERS
    return pattern.fullmatch(path.stem)


def _clip(root: Path, path: Path, family: Family, splits: dict[str, str]) -> Clip:
    inside = path.relative_to(root)
    method, compression = inside.parts[1], inside.parts[2]
    actors, named = method in _OF_ACTORS, _named(path)
    if named is None:
        raise DataSetRefused(f"{inside}: no name of FaceForensics++")
    origin = "actors" if actors else "youtube"
    official = "" if actors else splits.get(path.stem, "")
    people = [named["target"], named["source"]]
    fake = family is not Family.NONE
    return Clip(
        path=confined(root, inside.as_posix()),
        label=Label.FAKE if fake else Label.REAL,
        method=method if fake else "",
        family=family,
        subjects=tuple(f"{_ORIGIN[origin]}-{number}" for number in people if number),
        original=_original(root, origin, compression, named, path.suffix) if fake else "",
        official_split=official,
        compression=_COMPRESSIONS[compression],
        place=named["scene"].replace("_", " ") if actors else "",
        source=f"{origin} videos",
    )


def _original(root: Path, origin: str, compression: str, named: re.Match[str], suffix: str) -> str:
    """The target's video in the same compression, where it is on this disk."""
    scene = f"__{named['scene']}" if origin == "actors" else ""
    path = f"{_ORIGINALS}/{origin}/{compression}/videos/{named['target']}{scene}{suffix}"
    return path if (root / path).is_file() else ""


def _splits(source: Path) -> dict[str, str]:
    """The official split by the name of a video: a number, or a pair either way round."""
    found: dict[str, str] = {}
    for folder in (source / "splits", source):
        for name in _SPLITS:
            path = folder / f"{name}.json"
            if path.is_file():
                found |= {video: name for pair in _pairs(path) for video in _videos(*pair)}
    return found


def _pairs(path: Path) -> Iterator[tuple[str, str]]:
    pairs = read_json(path)
    if not isinstance(pairs, list):
        raise DataSetRefused(f"{path} is no list of pairs")
    for pair in pairs:
        if not (
            isinstance(pair, list) and len(pair) == 2 and all(isinstance(n, str) for n in pair)
        ):
            raise DataSetRefused(f"{path}: {str(pair)[:40]} is no pair of numbers")
        yield pair[0], pair[1]


def _videos(one: str, other: str) -> tuple[str, ...]:
    return one, other, f"{one}_{other}", f"{other}_{one}"
