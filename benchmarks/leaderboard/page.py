"""The board as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from benchmarks.bootstrap import Estimate
from benchmarks.leaderboard.board import Entry
from benchmarks.leaderboard.task import PRIVATE, PUBLIC, Task

_COLUMNS = (
    "", "name", "what", "log loss, private", "AUC, private", "log loss, public", "gap", "submitted",
)  # fmt: skip


def page(task: Task, entries: Sequence[Entry]) -> str:
    """A page that says what the figures mean, for readers who have seen nothing else."""
    shares = Counter(clip.share for clip in task.clips)
    equalised = (
        f" Every frame went through {task.equalise} (pixels of a side or a face, JPEG quality)."
    )
    lines = [
        f"# Leaderboard: {task.name}",
        "",
        f"{len(task.clips)} clips: {shares[PUBLIC]} with open labels (public), "
        f"{shares[PRIVATE]} whose labels nobody who submits has seen (private)."
        + (equalised if task.equalise else ""),
        "",
        "Ordered by log loss on the private share, natural logarithm, clipped at 1e-15 as in the "
        "Deepfake Detection Challenge: less is better, and 0.6931 is what knowing nothing costs. "
        "Gap is private less public log loss: what was lost on clips whose labels were not open. "
        "In brackets the middle 95% over other draws of the groups of clips.",
        "",
        "| " + " | ".join(_COLUMNS) + " |",
        "|" + "---|" * len(_COLUMNS),
    ]
    lines += [_row(place, entry) for place, entry in enumerate(entries, 1)]
    return "\n".join(lines) + "\n"


def _row(place: int, entry: Entry) -> str:
    figures = entry.figures
    what = entry.what
    if entry.bundle:
        what += f" {entry.bundle['name']} {entry.bundle['version']}"
    cells = (
        str(place),
        entry.name,
        what,
        _told(figures["private_log_loss"]),
        _told(figures["private_auc"]),
        _told(figures["public_log_loss"]),
        _told(figures["gap"], signed=True),
        f"{entry.submitted_at:%Y-%m-%d}",
    )
    return "| " + " | ".join(cells) + " |"


def _told(estimate: Estimate, *, signed: bool = False) -> str:
    if estimate.value is None:
        return "none"
    form = "+.3f" if signed else ".3f"
    value, low, high = (
        None if one is None else f"{round(one, 3) + 0.0:{form}}"  # no minus before a zero
        for one in (estimate.value, estimate.low, estimate.high)
    )
    return f"{value}" if low is None else f"{value} ({low} to {high})"
