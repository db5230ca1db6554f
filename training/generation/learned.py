"""What the detector of generated faces learned from: its licences, and the card's words for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from datasets.licences import Used, check_learned
from training.patches import Entry

FILE_NAME = "learned.md"


def told(entries: Iterable[Entry], leave_out: str) -> str:
    """A section of Markdown: how many faces of which methods and sources, and what was left out."""
    counts = Counter((entry.label, entry.method, entry.source) for entry in entries)
    lines = [
        "",
        "## What the detector of generated faces learned from",
        "",
        "| label | method | source | faces |",
        "|---|---|---|---|",
        *(f"| {' | '.join(named)} | {count} |" for named, count in sorted(counts.items())),
        "",
        f"Left out: {leave_out or 'none'}. Figures for the others say nothing of new generators.",
    ]
    return "\n".join(lines) + "\n"


def licences(folder: Path, entries: Iterable[Entry], allow: Sequence[str] = ()) -> list[Used]:
    """What those faces of a folder were made of that were learned from, whatever it was made for.

    Raises:
        NotLicensed: some of them may not be trained on.
    """
    inside = [entry for entry in entries if entry.file.is_relative_to(folder)]
    names = {entry.data_set.partition(":")[0] or entry.method for entry in inside}
    return check_learned(folder, names, allow)
