"""Uploads that have no end yet, in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.errors import UnknownUpload
from storage import rows
from storage.database import now_utc, reading, writing
from storage.ledger import status_query
from storage.outbox import write_messages
from storage.ports import OutboundMessage, UploadStatus
from storage.tables import uploads

log = structlog.get_logger()


class SqlOpenUploads:
    """Implements `storage.ports.OpenUploads`."""

    def __init__(self, engine: AsyncEngine, *, clock: Callable[[], datetime] = now_utc) -> None:
        self._engine = engine
        self._clock = clock

    async def overdue(self, now: datetime, *, limit: int) -> list[UploadStatus]:
        async with reading(self._engine) as connection:
            found = await connection.execute(
                status_query()
                .where(uploads.c.concluded_at.is_(None), uploads.c.deadline_at < now)
                .order_by(uploads.c.deadline_at, uploads.c.upload_id)
                .limit(limit)
            )
            return _readable(found)

    async def announce_again(
        self, upload_id: str, *, deadline_at: datetime, publish: Sequence[OutboundMessage]
    ) -> bool:
        """See `storage.ports.OpenUploads`.

        Raises:
            UnknownUpload: no such upload.
        """
        async with writing(self._engine) as connection:
            moved = await connection.execute(
                update(uploads)
                .where(uploads.c.upload_id == upload_id, uploads.c.concluded_at.is_(None))
                .values(announcements=uploads.c.announcements + 1, deadline_at=deadline_at)
            )
            if moved.rowcount:
                await write_messages(connection, publish, at=self._clock())
                return True
            known = await connection.scalar(
                select(uploads.c.upload_id).where(uploads.c.upload_id == upload_id)
            )
        if known is None:
            raise UnknownUpload(f"no upload {upload_id} is in the ledger")
        return False

    async def backlog(self) -> tuple[int, datetime | None]:
        async with reading(self._engine) as connection:
            found = await connection.execute(
                select(func.count(uploads.c.upload_id), func.min(uploads.c.announced_at)).where(
                    uploads.c.concluded_at.is_(None)
                )
            )
            count, since = found.one()
            return count, since


def _readable(found: Iterable[Row[Any]]) -> list[UploadStatus]:
    """One upload that no longer parses must not keep all others from being announced again."""
    statuses: list[UploadStatus] = []
    for row in found:
        try:
            statuses.append(rows.read_status(row))
        except ValueError as error:
            # Without the values: they are of the uploader.
            log.error("ledger.unreadable", upload_id=row.upload_id, error=type(error).__name__)
    return statuses
