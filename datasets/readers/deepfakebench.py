"""DeepfakeBench and DF40 (Yan et al., 2023 and 2024): lists of frames in JSON.

    {"FaceForensics++": {"FF-real": {"train": {"c23": {"000": {"label": "FF-real",
                                                               "frames": ["…/000.png", …]}}}}}}

The level of compression is there for FaceForensics++ alone. Frames are images, and one row each;
those of a video are one group. A video that is listed in several splits (the benchmark does so
with several data sets) is in none here. Frames' paths start at the benchmark's `rgb_dir`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from datasets.errors import DataSetRefused
from datasets.paths import confined
from datasets.readers.deepfakebench_methods import family_of, method_of
from datasets.readers.protocol import Gathering, Reading, Terms
from datasets.records import Clip, Family, Label, Permission, Use
from datasets.texts import read_json_object

_SPLITS = ("train", "val", "test")
_COMPRESSIONS = {"raw": "c0", "c0": "c0", "c23": "c23", "c40": "c40"}
_PLACES = ("", "dataset_json", "preprocessing/dataset_json")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Video:
    name: str
    label: str
    split: str
    compression: str
    frames: list[Any]


class DeepfakeBench:
    @property
    def terms(self) -> Terms:
        return Terms(
            name="deepfakebench",
            licence="CC-BY-NC-4.0",
            source="DeepfakeBench and DF40, https://github.com/SCLBD/DeepfakeBench",
            uses={Use.TRAINING: Permission.RESEARCH, Use.EVALUATION: Permission.RESEARCH},
        )

    def recognises(self, source: Path) -> bool:
        return any(_starts_like_a_list(path) for path in _lists(source))

    def read(self, source: Path, media: Path | None) -> Reading:
        root = media or (source.parent if source.is_file() else source)
        gathered = Gathering(root)
        splits: dict[str, set[str]] = defaultdict(set)
        found: dict[str, Clip] = {}
        for path in _lists(source):
            if not _starts_like_a_list(path):
                continue
            for video in _videos(read_json_object(path), path):
                for frame in video.frames:
                    clip = _clip(root, video, frame, path)
                    splits[clip.path].add(video.split)
                    if clip.path not in found and gathered.there(clip.path):
                        found[clip.path] = clip
        gathered.clips = [_in_its_split(clip, splits[clip.path]) for clip in found.values()]
        return gathered.reading()


def _lists(source: Path) -> list[Path]:
    if source.is_file():
        return [source] if source.suffix == ".json" else []
    return sorted(path for place in _PLACES for path in (source / place).glob("*.json"))


def _starts_like_a_list(path: Path) -> bool:
    with path.open(encoding="utf-8", errors="replace") as file:
        start = file.read(1 << 16)
    return start.lstrip().startswith("{") and '"frames"' in start


def _videos(facts: dict[str, Any], path: Path) -> Iterator[_Video]:
    """Every video of a list, on whichever level it stands."""
    for groups in facts.values():
        for label, by_split in _objects(groups, path):
            for split, below in _objects(by_split, path):
                if split not in _SPLITS:
                    raise DataSetRefused(f"{path}: {split!r} is none of {', '.join(_SPLITS)}")
                for name, entry in _objects(below, path):
                    if "frames" in entry:
                        yield _video(name, label, split, "", entry)
                    else:
                        for inner, one in _objects(entry, path):
                            yield _video(inner, label, split, name, one)


def _objects(value: Any, path: Path) -> list[tuple[str, dict[str, Any]]]:
    """The objects in an object. Others are passed over: `rearrange.py` leaves the last video of
    DFDC's test clips in place of its `val`."""
    if not isinstance(value, dict):
        raise DataSetRefused(f"{path} is no list of frames as DeepfakeBench writes it")
    return [(key, one) for key, one in value.items() if isinstance(one, dict)]


def _video(name: str, group: str, split: str, compression: str, entry: dict[str, Any]) -> _Video:
    frames = entry.get("frames")
    return _Video(
        name=name,
        label=str(entry.get("label") or group),
        split=split,
        compression=_COMPRESSIONS.get(compression, compression),
        frames=frames if isinstance(frames, list) else [],
    )


def _clip(root: Path, video: _Video, frame: Any, where: Path) -> Clip:
    if not isinstance(frame, str):
        raise DataSetRefused(f"{where}: {video.name} lists a frame that is no path")
    real = "real" in video.label.lower()
    method = "" if real else method_of(video.label, where.stem)
    return Clip(
        path=confined(root, _below(root, frame)),
        label=Label.REAL if real else Label.FAKE,
        method=method,
        family=Family.NONE if real else family_of(method),
        group=f"{video.label} {video.name}",
        compression=video.compression,
        source=video.label,
    )


def _below(root: Path, frame: str) -> str:
    """Lists hold absolute paths where `rearrange.py` was given one: taken when below the root."""
    try:
        return Path(frame).relative_to(root.absolute()).as_posix()
    except ValueError:
        return frame


def _in_its_split(clip: Clip, splits: set[str]) -> Clip:
    return replace(clip, official_split="+".join(sorted(splits)))
