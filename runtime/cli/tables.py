"""Verdicts as people and machines read them on a terminal."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from moderation.wording import two_digits
from runtime.cli.columns import plain
from runtime.cli.explaining import origin, why
from runtime.client import Ended

_WHOLE_NAME = 20  # characters of a file's name that are not broken, however narrow the terminal

_STYLES = {
    "fake": "bold red",
    "suspect": "yellow",
    "clear": "green",
    "unknown": "magenta",
    "no_face": "dim",
    "rejected": "dim",
}


def verdict_table(ended: Iterable[Ended]) -> Table:
    """One row a file, by name; with a column of their origin where any media says something."""
    ended = sorted(ended, key=lambda one: one.name)
    names = shown_names([one.name for one in ended])
    table = Table(box=None, pad_edge=False, header_style="bold")
    widest = max((len(name) for name in names), default=0)
    # a min_width would be taken from what must not break: Rich makes a table wider than its place
    table.add_column("file", overflow="fold", no_wrap=widest <= _WHOLE_NAME)
    table.add_column("label", no_wrap=True)
    table.add_column("fake probability", justify="right")
    table.add_column("faces", justify="right", no_wrap=True)
    table.add_column("why", overflow="fold")
    table.add_column("time", justify="right", no_wrap=True)
    origins = [plain(origin(one.verdict) if one.verdict else "") for one in ended]
    if any(origins):
        table.add_column("what it says of its origin", overflow="fold")
    for one, name, said in zip(ended, names, origins, strict=True):
        table.add_row(plain(name), *_cells(one), *([said] if any(origins) else []))
    return table


def ended_line(one: Ended, number: int, of: int) -> str:
    """What is told of one that ended, where there is no bar."""
    label = one.verdict["label"] if one.verdict else "no verdict"
    return f"judged {number} of {of}: {plain(one.name)}: {label}"


def open_ends(ended: Iterable[Ended]) -> list[Text]:
    """The ids of those that may still come to an end; a cell of the table would break them."""
    return [
        plain(f"no verdict yet: {one.name} is upload {one.upload_id}")
        for one in sorted(ended, key=lambda one: one.name)
        if one.verdict is None and one.upload_id
    ]


def shown_names(names: list[str]) -> list[str]:
    """Files below the folder that all of them share; addresses as they are."""
    files = [os.path.normpath(Path(name).absolute()) for name in names if "://" not in name]
    if not files:
        return names
    shared = os.path.commonpath([Path(file).parent for file in files])
    return [name if "://" in name else os.path.relpath(name, shared) for name in names]


def _cells(one: Ended) -> list[Text]:
    if one.verdict is None:
        return [Text("none", "bold red"), Text(""), Text(""), plain(one.failure or ""), Text("")]
    verdict = one.verdict
    label = verdict["label"]
    probability = verdict["fake_probability"]
    return [
        Text(label, _STYLES.get(label, "")),
        Text("" if probability is None else two_digits(probability)),
        Text("" if label == "rejected" else str(len(verdict["tracks"]))),
        plain("; ".join(why(verdict))),
        Text(f"{seconds_taken(verdict):.1f} s"),
    ]


def seconds_taken(verdict: dict[str, Any]) -> float:
    announced, decided = (
        datetime.fromisoformat(verdict[name]) for name in ("announced_at", "decided_at")
    )
    return (decided - announced).total_seconds()


def json_line(one: Ended) -> str:
    """The whole verdict on one line, with the file's name; `error` says why there is none."""
    facts: dict[str, Any] = {"file": one.name, "upload_id": one.upload_id}
    if one.verdict is None:
        return json.dumps({**facts, "error": one.failure})
    return json.dumps({**facts, **one.verdict})


def progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
