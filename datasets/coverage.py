"""What a data set covers, and what is thin in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from datasets.records import SKIN_TONES, VARIABLES, Clip, Label

UNKNOWN = "unknown"
THIN = 30
"""Clips below which a value is called thin: with fewer, the 95% interval of an accuracy of 0.9 is
wider than 0.2 (Wilson)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell of label by method by compression, and its clips by split."""

    label: str
    method: str
    compression: str
    by_split: dict[str, int]

    @property
    def clips(self) -> int:
        return sum(self.by_split.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """`variables`: by variable, how many clips have which value, the most frequent first.

    `thin` says in words what there is too little of.
    """

    clips: int
    subjects: int
    variables: dict[str, dict[str, int]]
    cells: list[Cell]
    thin: list[str]


def cover(clips: Sequence[Clip], least: int = THIN) -> Coverage:
    """Count; a value with fewer than `least` clips is thin."""
    variables = {name: _counted(clips, name) for name in (*VARIABLES, "skin_tone")}
    variables["skin_tone"] = _all_tones(variables["skin_tone"])
    cells = _cells(clips)
    return Coverage(
        clips=len(clips),
        subjects=len({subject for clip in clips for subject in clip.subjects}),
        variables=variables,
        cells=cells,
        thin=[*_thin_labels(clips), *_thin_cells(cells, least), *_thin_values(variables, least)],
    )


def _counted(clips: Sequence[Clip], name: str) -> dict[str, int]:
    return dict(Counter(str(getattr(clip, name) or UNKNOWN) for clip in clips).most_common())


def _all_tones(counts: dict[str, int]) -> dict[str, int]:
    """In the order of the scale, with the tones that nobody has."""
    tones = {str(tone): counts.get(str(tone), 0) for tone in SKIN_TONES}
    return {**tones, UNKNOWN: counts.get(UNKNOWN, 0)}


def _cells(clips: Sequence[Clip]) -> list[Cell]:
    found: dict[tuple[str, str, str], Counter[str]] = {}
    for clip in clips:
        key = (clip.label.value, clip.method, clip.compression)
        found.setdefault(key, Counter())[clip.split.value] += 1
    return [
        Cell(
            label=label,
            method=method or ("-" if label == Label.REAL else UNKNOWN),
            compression=compression or UNKNOWN,
            by_split=dict(counts),
        )
        for (label, method, compression), counts in sorted(found.items(), key=_real_first)
    ]


def _real_first(cell: tuple[tuple[str, str, str], Counter[str]]) -> tuple[bool, str, str]:
    label, method, compression = cell[0]
    return label != Label.REAL, method.lower(), compression


def _thin_labels(clips: Sequence[Clip]) -> Iterator[str]:
    for label in Label:
        if not any(clip.label is label for clip in clips):
            yield f"no {label.value} clips at all"


def _thin_cells(cells: list[Cell], least: int) -> Iterator[str]:
    for cell in cells:
        if cell.clips < least:
            where = "" if cell.compression == UNKNOWN else f" at {cell.compression}"
            yield f"{cell.label} by {cell.method}{where}: {_clips(cell.clips)}"


def _thin_values(variables: dict[str, dict[str, int]], least: int) -> Iterator[str]:
    unknown = [name for name, counts in variables.items() if not _known(counts)]
    if unknown:
        yield f"nothing is known of {', '.join(unknown).replace('_', ' ')}"
    for name, counts in variables.items():
        if name in unknown:
            continue
        share = counts.get(UNKNOWN, 0) / sum(counts.values())
        if share > 0.5:
            yield f"{name.replace('_', ' ')} is unknown for {share:.0%} of the clips"
        for value, count in counts.items():
            if value != UNKNOWN and count < least:
                yield f"{name.replace('_', ' ')} {value}: {_clips(count)}"


def _clips(count: int) -> str:
    return f"{count} clip" + ("" if count == 1 else "s")


def _known(counts: dict[str, int]) -> int:
    return sum(count for value, count in counts.items() if value != UNKNOWN)
