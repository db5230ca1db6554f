"""What several tables have: columns that refer to another table, and guards against change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import DDL, Column, ForeignKey, Table, event

T = TypeVar("T")


def gone_with(other: Column[T], *, primary_key: bool = False) -> Column[T]:
    """A column that names a row of another table by its key, and whose row goes when that goes."""
    cascading = ForeignKey(other, ondelete="CASCADE")
    return Column(other.name, other.type, cascading, primary_key=primary_key, nullable=False)


def guard(table: Table, *, sqlite: Sequence[str], postgresql: Sequence[str]) -> None:
    """Run statements, in the words of the database, whenever the table is created."""
    for dialect, statements in (("sqlite", sqlite), ("postgresql", postgresql)):
        for words in statements:
            statement = DDL(words)  # type: ignore[no-untyped-call]
            event.listen(table, "after_create", statement.execute_if(dialect=dialect))
