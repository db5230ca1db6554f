"""Tables as commands print them: without lines, and with every cell as it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text


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
