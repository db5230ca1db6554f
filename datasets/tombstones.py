"""Who withdrew: kept so that no later import brings them back, and without their names.

A person is kept as a salted, slow hash (scrypt) of data set and subject; their files by SHA-256,
so that the same bytes stay out under another name, too.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from datasets.errors import DataSetRefused
from datasets.files import replacing
from datasets.records import Clip
from datasets.texts import read_json_object

FILE = "tombstones.json"
FORMAT = 1

_COST = 1 << 12  # scrypt's N: 10 ms a subject; names like p017 are few, so guessing must cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """`subject` is the hash; `files` the SHA-256 of what was removed; `on` the date."""

    dataset: str
    subject: str
    on: str
    files: list[str] = field(default_factory=list)


class Tombstones:
    def __init__(self, root: Path) -> None:
        self._path = root / FILE
        self.salt, self.stones = self._read()

    def holds(self, dataset: str, subject: str) -> bool:
        hashed = self.hashed(dataset, subject)
        return any((one.dataset, one.subject) == (dataset, hashed) for one in self.stones)

    def keep(self) -> None:
        """Write the file: the salt must be the same when a withdrawal is resumed."""
        facts = {"format": FORMAT, "salt": self.salt, "stones": [asdict(s) for s in self.stones]}
        with replacing(self._path) as path:
            path.write_text(json.dumps(facts, indent=1), encoding="utf-8")

    def _read(self) -> tuple[str, list[Tombstone]]:
        if not self._path.exists():
            return secrets.token_hex(16), []
        facts = read_json_object(self._path)
        try:
            if facts["format"] != FORMAT:
                raise DataSetRefused(f"{self._path} is of format {facts['format']}")
            return str(facts["salt"]), [Tombstone(**one) for one in facts["stones"]]
        except (KeyError, TypeError) as error:
            # Going on as if nobody had withdrawn would be the worst there is.
            raise DataSetRefused(f"{self._path} is damaged: restore it from a backup") from error

    def hashed(self, dataset: str, subject: str) -> str:
        text = f"{dataset}\n{subject}".encode()
        return hashlib.scrypt(text, salt=bytes.fromhex(self.salt), n=_COST, r=8, p=1).hex()

    def lay(self, dataset: str, hashed: str, files: Iterable[str], on: str) -> None:
        """Add a tombstone for a subject's hash, or the files to the one that is there."""
        old = [one for one in self.stones if (one.dataset, one.subject) == (dataset, hashed)]
        every = {sha256 for one in old for sha256 in one.files} | set(files)
        stone = Tombstone(dataset=dataset, subject=hashed, on=on, files=sorted(every))
        self.stones = [one for one in self.stones if one not in old] + [stone]
        self.keep()

    def without_withdrawn(self, dataset: str, clips: Sequence[Clip]) -> list[Clip]:
        """Clips that nobody who withdrew is in, and no forgery of theirs."""
        files = {sha256 for stone in self.stones for sha256 in stone.files}
        gone = {stone.subject for stone in self.stones if stone.dataset == dataset}
        subjects = {name for clip in clips for name in clip.subjects} if gone else set()
        withdrawn = {name for name in subjects if self.hashed(dataset, name) in gone}
        first = [
            clip for clip in clips if clip.sha256 in files or withdrawn.intersection(clip.subjects)
        ]
        out = {clip.clip_id for clip in derived_clips(clips, first)}
        return [clip for clip in clips if clip.clip_id not in out]


def derived_clips(clips: Sequence[Clip], first: Sequence[Clip]) -> list[Clip]:
    """`first` and all that goes with them: forgeries made from them, the other half of a file,
    the same bytes under another name."""
    taken = {clip.clip_id for clip in first}
    while True:
        within = [clip for clip in clips if clip.clip_id in taken]
        paths, bytes_ = {c.path for c in within}, {c.sha256 for c in within if c.sha256}
        more = {
            clip.clip_id
            for clip in clips
            if clip.original in taken or clip.path in paths or clip.sha256 in bytes_
        }
        if more <= taken:
            return within
        taken |= more
