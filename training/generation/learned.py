"""What the detector of generated faces learned from, in words for the bundle's card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

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
