"""Plain folders: `real/…` and `fake/…`, or the same below `train`, `val` and `test`.

The first folder below `fake` names the method, where there is one.
"""

from __future__ import annotations

from pathlib import Path

from datasets.paths import media_below
from datasets.readers.protocol import Gathering, Reading, Terms
from datasets.records import OFFICIAL_WORDS, Clip, Family, Label

_LABELS = {"real": Label.REAL, "fake": Label.FAKE}
_SPLITS = ("", *OFFICIAL_WORDS)


class Folders:
    @property
    def terms(self) -> Terms:
        return Terms(name="folders")

    def recognises(self, source: Path) -> bool:
        return any((source / split / name).is_dir() for split in _SPLITS for name in _LABELS)

    def read(self, source: Path, media: Path | None) -> Reading:
        root = media or source
        gathered = Gathering(root)
        for split in _SPLITS:
            for name, label in _LABELS.items():
                folder = root / split / name
                for path in media_below(root, folder) if folder.is_dir() else ():
                    inside = Path(path).relative_to(folder.relative_to(root)).parts
                    gathered.clips.append(_clip(path, label, split, inside))
        return gathered.reading()


def _clip(path: str, label: Label, split: str, inside: tuple[str, ...]) -> Clip:
    fake = label is Label.FAKE
    return Clip(
        path=path,
        label=label,
        method=inside[0] if fake and len(inside) > 1 else "",
        family=Family.UNKNOWN if fake else Family.NONE,
        official_split=split,
    )
