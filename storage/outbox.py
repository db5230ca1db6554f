"""Messages that wait in SQLite or PostgreSQL until the broker has them.

Numbers are given when a message is written, not when its transaction commits:
with PostgreSQL a lower number may become visible after a higher one. Messages of one upload
keep their order all the same, because its row is locked while they are written.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.database import reading, writing
from storage.ports import OutboundMessage, PendingMessage
from storage.tables import outbox


class SqlOutbox:
    """Implements `storage.ports.Outbox`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def pending(self, *, limit: int) -> list[PendingMessage]:
        async with reading(self._engine) as connection:
            found = await connection.execute(
                select(outbox).order_by(outbox.c.outbox_id).limit(limit)
            )
            return [
                PendingMessage(
                    outbox_id=row.outbox_id,
                    message=OutboundMessage(
                        topic=row.topic, key=row.key, value=row.value, headers=row.headers
                    ),
                    created_at=row.created_at,
                )
                for row in found
            ]

    async def discard(self, outbox_ids: Sequence[int]) -> None:
        if not outbox_ids:
            return
        async with writing(self._engine) as connection:
            await connection.execute(delete(outbox).where(outbox.c.outbox_id.in_(outbox_ids)))

    async def backlog(self) -> tuple[int, datetime | None]:
        async with reading(self._engine) as connection:
            found = await connection.execute(
                select(func.count(outbox.c.outbox_id), func.min(outbox.c.created_at))
            )
            count, since = found.one()
        return count, since


async def write_messages(
    connection: AsyncConnection, messages: Sequence[OutboundMessage], *, at: datetime
) -> None:
    """Write messages in the caller's transaction, in their order."""
    rows = [
        {
            "topic": message.topic,
            "key": message.key,
            "value": message.value,
            "headers": message.headers,
            "created_at": at,
        }
        for message in messages
    ]
    if rows:
        await connection.execute(insert(outbox), rows)
