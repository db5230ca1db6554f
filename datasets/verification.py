"""Finds what is wrong with data sets: missing, changed, duplicate, look-alike, leaking clips."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from datasets.groups import Together, ties
from datasets.looks import Looks
from datasets.paths import sha256_of
from datasets.records import Clip, Split
from datasets.registry import Stored
from inference.looks.pdq import pairs_within


class Kind(StrEnum):
    MISSING = "missing"
    CHANGED = "changed"
    UNREADABLE = "unreadable"
    DUPLICATE = "duplicate"
    LOOK_ALIKE = "look_alike"
    LEAK = "leak"


WRONG = frozenset({Kind.MISSING, Kind.CHANGED, Kind.UNREADABLE, Kind.DUPLICATE, Kind.LEAK})
"""What makes `verify` fail. Look-alikes inside of a split only make a data set smaller than it
seems, and are normal for frames of one scene; they are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found; `clips` as `NAME:VERSION clip_id`, two or more where they relate."""

    kind: Kind
    detail: str
    clips: tuple[str, ...]

    @property
    def wrong(self) -> bool:
        return self.kind in WRONG


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A clip among those of all data sets that are verified together."""

    name: str  # of the data set
    reference: str
    clip: Clip

    @property
    def shown(self) -> str:
        return f"{self.reference} {self.clip.clip_id}"

    def ties(self) -> Iterator[tuple[str, str]]:
        """As `groups.ties`; only bytes mean the same in another data set."""
        for kind, key in ties(self.clip):
            yield kind, key if kind == "bytes" else f"{self.name}/{key}"


def check_files(stored: Stored, tick: Callable[[], None] = lambda: None) -> Iterator[Finding]:
    """Compare every file with the SHA-256 in the table."""
    by_path: dict[str, list[Clip]] = defaultdict(list)
    for clip in stored.clips:
        by_path[clip.path].append(clip)
    reference = stored.dataset.reference

    def check(clip: Clip) -> Finding | None:
        path = stored.media(clip)
        shown = (f"{reference} {clip.path}",)
        tick()
        if not path.is_file():
            return Finding(kind=Kind.MISSING, detail="no file", clips=shown)
        try:
            changed = sha256_of(path) != clip.sha256
        except OSError as error:
            return Finding(kind=Kind.UNREADABLE, detail=error.strerror or "", clips=shown)
        return Finding(kind=Kind.CHANGED, detail="SHA-256", clips=shown) if changed else None

    with ThreadPoolExecutor(2) as pool:
        found = pool.map(check, [clips[0] for clips in by_path.values()])
        yield from (one for one in found if one is not None)


def check_tables(every: Sequence[Stored]) -> Iterator[Finding]:
    """Exact duplicates, and ties between clips in different splits; no file is read."""
    tied: dict[tuple[str, str], list[_Row]] = defaultdict(list)
    for row in _rows(every):
        for tie in row.ties():
            tied[tie].append(row)
    for (kind, key), rows in tied.items():
        if kind == "bytes":
            yield from _duplicates(rows)
        if kind != "file":
            yield from _leaks(kind, key, rows)


def _rows(every: Sequence[Stored]) -> list[_Row]:
    return [
        _Row(name=stored.dataset.name, reference=stored.dataset.reference, clip=clip)
        for stored in every
        for clip in stored.clips
    ]


def _duplicates(rows: list[_Row]) -> Iterator[Finding]:
    files = {(row.reference, row.clip.path): row for row in rows}
    if len(files) > 1:
        labels = {row.clip.label for row in rows}
        detail = "the same bytes" + (", labelled real and fake" if len(labels) > 1 else "")
        shown = tuple(f"{reference} {path}" for reference, path in files)
        yield Finding(kind=Kind.DUPLICATE, detail=detail, clips=shown)


_TOLD = {
    "subject": "subject {key}",
    "clip": "original and forgery",
    "group": "group {key}",
    "bytes": "the same bytes",
}


def _leaks(kind: str, key: str, rows: list[_Row]) -> Iterator[Finding]:
    by_split: dict[Split, list[_Row]] = defaultdict(list)
    for row in rows:
        if row.clip.split is not Split.UNASSIGNED:
            by_split[row.clip.split].append(row)
    if len(by_split) < 2:
        return
    what = _TOLD[kind].format(key=key.partition("/")[2])
    where = " and ".join(f"{split.value} ({len(by_split[split])})" for split in sorted(by_split))
    first = tuple(by_split[split][0].shown for split in sorted(by_split))
    yield Finding(kind=Kind.LEAK, detail=f"{what} in {where}", clips=first)


def check_looks(every: Sequence[Stored], looks: Sequence[Looks]) -> Iterator[Finding]:
    """Look-alikes that nothing in the tables ties: a leak across splits, else told as such.

    `looks` are those of the data sets in the same order.
    """
    rows = _rows(every)
    together = _together(rows)
    owner, hashes = [], []
    hashes_of = [
        look.hashes.get(clip.clip_id, [])
        for stored, look in zip(every, looks, strict=True)
        for clip in stored.clips
    ]
    for number, own in enumerate(hashes_of):
        owner += [number] * len(own)
        hashes += own
    pairs = pairs_within(np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 32))
    for one, other in sorted({(owner[a], owner[b]) for a, b in pairs.tolist()}):
        if together.first(one) != together.first(other):
            yield _alike(rows[one], rows[other])
    for stored, look in zip(every, looks, strict=True):
        for clip_id in look.unreadable:
            shown = (f"{stored.dataset.reference} {clip_id}",)
            yield Finding(kind=Kind.UNREADABLE, detail="nothing of it decodes", clips=shown)


def _alike(one: _Row, other: _Row) -> Finding:
    shown = (one.shown, other.shown)
    splits = {one.clip.split, other.clip.split}
    if len(splits) == 1 or Split.UNASSIGNED in splits:
        return Finding(kind=Kind.LOOK_ALIKE, detail="look alike", clips=shown)
    where = " and ".join(sorted(splits))
    return Finding(kind=Kind.LEAK, detail=f"look-alikes in {where}", clips=shown)


def _together(rows: list[_Row]) -> Together:
    together = Together(len(rows))
    seen: dict[tuple[str, str], int] = {}
    for number, row in enumerate(rows):
        for tie in row.ties():
            together.join(seen.setdefault(tie, number), number)
    return together
