"""Options that several commands of `veriscope data` take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.progress import TimeRemainingColumn as Remaining

from datasets.registry import DEFAULT_ROOT

Root = Annotated[
    Path, typer.Option("--root", envvar="VERISCOPE_DATASETS", help="Folder of the registry.")
]
Reference = Annotated[str, typer.Argument(metavar="NAME[:VERSION]", help="As `list` shows it.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]

ROOT = DEFAULT_ROOT

out = Console(highlight=False, soft_wrap=False)
err = Console(stderr=True, highlight=False)


@contextmanager
def progress(task: str, total: int | None) -> Iterator[tuple[Progress, TaskID]]:
    """A bar on standard error, gone when the block ends."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Remaining(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )
    with bar:
        yield bar, bar.add_task(task, total=total)


def plain(text: str) -> str:
    """Names from files of others, without control characters; markup is escaped by callers."""
    return "".join(char if char.isprintable() else "�" for char in text)


def counted(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")
