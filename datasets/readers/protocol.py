"""What every reader of a data set's layout offers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from datasets.errors import DataSetRefused
from datasets.paths import confined
from datasets.records import Clip, Label, Uses


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the makers of a data set say of it; an import may say otherwise."""

    name: str
    licence: str = "unknown"
    consent: str = "unknown"
    source: str = ""
    uses: Uses = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Clips whose paths start at `media_root`; `left_out` tells in lines what was not taken."""

    media_root: Path
    clips: list[Clip]
    left_out: list[str] = field(default_factory=list)


class Reader(Protocol):
    """One layout that people have on disk."""

    @property
    def terms(self) -> Terms: ...

    def recognises(self, source: Path) -> bool:
        """Whether `source` looks like this layout."""
        ...

    def read(self, source: Path, media: Path | None) -> Reading:
        """Every clip, in no split yet; nothing is decoded or hashed.

        `media` is where paths start, if elsewhere than the layout has it.

        Raises:
            DataSetRefused: the layout is damaged, or a path in it leaves the media root.
        """
        ...


def word(table: dict[str, Label], written: object, where: str) -> Label:
    """A label as a data set writes it.

    Raises:
        DataSetRefused: it is none of its words.
    """
    found = table.get(str(written))
    if found is None:
        raise DataSetRefused(f"{where}: label {written!r} is none of {', '.join(table)}")
    return found


@dataclass(slots=True)
class Gathering:
    """Collects clips whose files are there; of the others it keeps a line."""

    root: Path
    clips: list[Clip] = field(default_factory=list)
    absent: int = 0

    def there(self, path: str) -> bool:
        """Whether there is a file at a confined path; counts those that are not.

        Raises:
            DataSetRefused: the path leaves the root.
        """
        found = (self.root / confined(self.root, path)).is_file()
        self.absent += not found
        return found

    def reading(self, left_out: list[str] | None = None) -> Reading:
        """
        Raises:
            DataSetRefused: there is not one clip.
        """
        lines = list(left_out or [])
        if self.absent:
            lines.append(f"{self.absent} listed clips are not on this disk")
        if not self.clips:
            raise DataSetRefused("; ".join([f"no clips found in {self.root}", *lines[:3]]))
        return Reading(media_root=self.root, clips=self.clips, left_out=lines)
