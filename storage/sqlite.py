"""aiosqlite for SQLAlchemy, at one turn of its thread for each statement.

As they are, a statement takes four: a cursor, the statement, its rows, the cursor's end. A turn
costs as much processor time as looking a row up, and more on a busy machine.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Literal

import aiosqlite


def connect(path: str, **options: Any) -> Connection:
    """What SQLAlchemy awaits in place of `aiosqlite.connect`; it takes what `sqlite3` takes."""
    connection = Connection(partial(sqlite3.connect, path, **options), iter_chunk_size=64)
    # One that nobody closed must not keep the process alive; up to aiosqlite 0.21 it is the thread.
    thread: Any = getattr(connection, "_thread", connection)
    thread.daemon = True
    return connection


class Connection(aiosqlite.Connection):
    """Hands out cursors of this file."""

    def cursor(self) -> Cursor:  # type: ignore[override]  # SQLAlchemy enters it, and no more
        return Cursor(self)

    async def rollback(self) -> None:
        """Take no turn where there is no transaction: who reads begins none."""
        if self.in_transaction:
            await super().rollback()

    async def turn(self, work: Callable[..., None], *given: Any) -> None:
        """Do work in the connection's thread."""
        await self._execute(work, *given)  # type: ignore[no-untyped-call]


class Cursor:
    """What SQLAlchemy's adapter asks of a cursor; all rows are there when a statement is done."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Cursor:
        return self

    async def execute(self, statement: str, values: Sequence[Any] = ()) -> None:
        await self._connection.turn(self._run, "execute", statement, values)

    async def executemany(self, statement: str, values: Iterable[Sequence[Any]]) -> None:
        await self._connection.turn(self._run, "executemany", statement, values)

    def _run(
        self, how: Literal["execute", "executemany"], statement: str, values: Iterable[Any]
    ) -> None:
        """In the connection's thread."""
        cursor = self._connection._conn.cursor()
        try:
            getattr(cursor, how)(statement, values)
            self._rows = cursor.fetchall()
            self.description = cursor.description
            self.rowcount = cursor.rowcount
            self.lastrowid = cursor.lastrowid
        finally:
            cursor.close()

    async def fetchall(self) -> list[Any]:
        return self._rows

    async def close(self) -> None:
        self._rows = []
