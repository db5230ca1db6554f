"""Messages that could not be handled, in SQLite or PostgreSQL, until somebody redrives them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from storage import rows
from storage.database import reading, writing
from storage.erasure.letters import letter_row, read_letter, uploads_named, without
from storage.erasure.tombstones import Tombstones
from storage.outbox import write_messages
from storage.ports import DeadLetter, DeadLetterFilter, KeptDeadLetter, OutboundMessage
from storage.tables import dead_letter_uploads, dead_letters


class SqlDeadLetters:
    """Implements `storage.ports.DeadLetters`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._tombstones = Tombstones()

    async def keep(self, letter: DeadLetter) -> bool:
        """See `storage.ports.DeadLetters`; one that was redriven waits again, as it is now."""
        named = uploads_named(letter)
        async with writing(self._engine) as connection:
            erased = await self._tombstones.among(connection, named)
            left = without(letter, erased)
            if left is None:
                return False
            values = letter_row(rows.fitted(left))
            kept = await connection.scalar(
                rows.insert(connection, dead_letters)
                .values(values)
                .on_conflict_do_update(
                    index_elements=["origin_topic", "origin_partition", "origin_offset"],
                    set_={**values, "redriven_at": None},
                    where=dead_letters.c.redriven_at.is_not(None),
                )
                .returning(dead_letters.c.dead_letter_id)
            )
            others = sorted(named - erased)
            if kept is not None and others:
                rows_named = [{"upload_id": one, "dead_letter_id": kept} for one in others]
                await connection.execute(
                    rows.insert(connection, dead_letter_uploads).on_conflict_do_nothing(),
                    rows_named,
                )
        return kept is not None

    async def find(self, which: DeadLetterFilter, *, limit: int) -> list[KeptDeadLetter]:
        async with reading(self._engine) as connection:
            found = await connection.execute(
                select(dead_letters)
                .where(*_conditions(which))
                .order_by(dead_letters.c.failed_at, dead_letters.c.dead_letter_id)
                .limit(limit)
            )
            return [_read(row) for row in found]

    async def redrive(
        self, dead_letter_id: int, *, now: datetime, publish: OutboundMessage
    ) -> bool:
        async with writing(self._engine) as connection:
            marked = await connection.execute(
                update(dead_letters)
                .where(
                    dead_letters.c.dead_letter_id == dead_letter_id,
                    dead_letters.c.redriven_at.is_(None),
                )
                .values(redriven_at=now)
            )
            if not marked.rowcount:
                return False
            await write_messages(connection, [publish], at=now)
        return True


def _conditions(which: DeadLetterFilter) -> Sequence[ColumnElement[bool]]:
    columns = dead_letters.c
    wanted: list[ColumnElement[bool]] = []
    if which.ids:
        wanted.append(columns.dead_letter_id.in_(which.ids))
    if which.reason is not None:
        wanted.append(columns.reason == which.reason)
    if which.since is not None:
        wanted.append(columns.failed_at >= which.since)
    if which.until is not None:
        wanted.append(columns.failed_at < which.until)
    if which.waiting_only:
        wanted.append(columns.redriven_at.is_(None))
    return wanted


def _read(row: Row[Any]) -> KeptDeadLetter:
    return KeptDeadLetter(
        dead_letter_id=row.dead_letter_id,
        letter=read_letter(row),
        redriven_at=row.redriven_at,
    )
