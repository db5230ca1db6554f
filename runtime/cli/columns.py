"""Tables as commands print them: without lines, and with every cell as it is."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

_NO_EDGE = 1000  # characters of a row in a file or a pipe


def whole_lines() -> Console:
    """Standard output: as wide as the terminal, or, where it is none, as a row needs."""
    return Console() if sys.stdout.isatty() or "COLUMNS" in os.environ else endless_lines()


def endless_lines() -> Console:
    """Standard output for rows with ids: each is one line, which a narrow terminal wraps itself.

    An id that a table folds can be neither copied nor searched for.
    """
    return Console(width=_NO_EDGE, soft_wrap=True)


def table_of(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None
) -> Table:
    """A table of rows; long cells go over several lines, and a Text keeps its style."""
    table = Table(box=None, pad_edge=False, header_style="bold", title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else plain(str(cell)) for cell in row))
    return table


def plain(text: str) -> Text:
    """Somebody else's words: shown as they are, without control characters or markup."""
    return Text("".join(char if char.isprintable() else "�" for char in text))
