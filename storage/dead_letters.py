"""Messages that could not be handled, in SQLite or PostgreSQL, until somebody redrives them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.upload import IDENTIFIER
from storage import rows
from storage.database import reading, writing
from storage.erasure.tombstones import Tombstones
from storage.outbox import write_messages
from storage.ports import DeadLetter, DeadLetterFilter, KeptDeadLetter, OutboundMessage
from storage.tables import dead_letter_uploads, dead_letters

_COLUMNS = tuple(field.name for field in fields(DeadLetter))
_ID = re.compile(IDENTIFIER.encode())
_NAMED = re.compile(rb'"upload_id"\s*:\s*"(' + _ID.pattern + rb')"')


class SqlDeadLetters:
    """Implements `storage.ports.DeadLetters`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._tombstones = Tombstones()

    async def keep(self, letter: DeadLetter) -> bool:
        """See `storage.ports.DeadLetters`; one that was redriven waits again, as it is now."""
        named = sorted(uploads_named(letter))
        fitting = rows.fitted(letter)
        values = {name: getattr(fitting, name) for name in _COLUMNS}
        async with writing(self._engine) as connection:
            if await self._tombstones.hold(connection, *named):
                return False
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
            if kept is not None and named:
                rows_named = [{"upload_id": one, "dead_letter_id": kept} for one in named]
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


def uploads_named(letter: DeadLetter) -> set[str]:
    """The uploads that a letter is about: by its key, its subject, or its bytes.

    Bytes that no codec takes are searched as they are, for ids as an announcement spells them.
    """
    told = (letter.key, letter.headers.get("ce_subject"))
    whole = {one for one in told if one is not None and _ID.fullmatch(one)}
    return {one.decode() for one in {*whole, *_NAMED.findall(letter.value or b"")}}


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
        letter=DeadLetter(**{name: getattr(row, name) for name in _COLUMNS}),
        redriven_at=row.redriven_at,
    )
