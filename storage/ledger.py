"""The ledger in SQLite or PostgreSQL: uploads, and the verdicts that end them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cache

from sqlalchemy import Executable, Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from moderation.errors import (
    LedgerContended,
    LedgerUnavailable,
    UnknownUpload,
    UploadErased,
)
from moderation.looks import Look
from moderation.review import ReviewPlan
from moderation.upload import Upload
from moderation.verdict import Verdict
from storage import rows
from storage.conclusions import Conclusion, conclude_all
from storage.database import now_utc, reading, wait_for_locks, writing
from storage.erasure.senders import note_senders
from storage.erasure.tombstones import Tombstones
from storage.outbox import write_messages
from storage.ports import OutboundMessage, UploadStatus
from storage.tables import uploads, verdicts
from storage.together import Together

_CONCLUDED_AT_ONCE = 32  # verdicts a transaction
_TOGETHER_SECONDS = 1.0  # that they wait for a lock


class _Apart(Exception):
    """What was to be written together is to be tried one by one."""


class SqlLedger:
    """Implements `storage.ports.Ledger`; `plan` says which verdicts people are to look at."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        plan: ReviewPlan | None = None,
        clock: Callable[[], datetime] = now_utc,
    ) -> None:
        self._engine = engine
        self._plan = plan or ReviewPlan()
        self._clock = clock
        self._tombstones = Tombstones()
        self._together = Together(self._conclude_together, most=_CONCLUDED_AT_ONCE)

    async def announce(
        self, upload: Upload, *, deadline_at: datetime, publish: Sequence[OutboundMessage] = ()
    ) -> bool:
        async with writing(self._engine) as connection:
            if await self._tombstones.hold(connection, upload.upload_id):
                return False
            if not await _insert_upload(connection, upload, deadline_at):
                return False
            await write_messages(connection, publish, at=self._clock())
        return True

    async def conclude(
        self,
        upload: Upload,
        verdict: Verdict,
        *,
        publish: Sequence[OutboundMessage],
        looks: Sequence[Look] = (),
    ) -> bool:
        one = Conclusion(upload=upload, verdict=verdict, publish=publish, looks=looks)
        with suppress(_Apart):
            return await self._together.ask(one)
        (is_written,) = await self._conclude([one])
        return is_written

    async def _conclude_together(self, ends: Sequence[Conclusion]) -> list[bool]:
        """Raises: _Apart: one of many failed, and which one is seen where each is tried alone."""
        try:
            return await self._conclude(ends)
        except Exception as error:
            is_away = isinstance(error, LedgerUnavailable) and not isinstance(
                error, LedgerContended
            )
            if is_away or len(ends) == 1:
                raise
            raise _Apart from error

    async def _conclude(self, ends: Sequence[Conclusion]) -> list[bool]:
        async with writing(self._engine) as connection:
            if len(ends) > 1:  # others wait for this turn
                await wait_for_locks(connection, seconds=_TOGETHER_SECONDS)
            now = self._clock()
            return await conclude_all(connection, ends, self._tombstones, self._plan, now)

    async def status(self, upload_id: str) -> UploadStatus:
        async with reading(self._engine) as connection:
            found = await connection.execute(_STATUS, {"asked": upload_id})
            row = found.one_or_none()
            if row is not None:
                return rows.read_status(row)
            erased = await self._tombstones.hold(connection, upload_id)
        # In the same words: whoever sees another tenant's uploads only is not told more.
        kind = UploadErased if erased else UnknownUpload
        raise kind(f"no upload {upload_id} is in the ledger")


def status_query() -> Select[tuple[object, ...]]:
    """Uploads with their current verdicts; what `rows.read_status` reads."""
    return select(
        uploads.c.upload_id,
        uploads.c.upload,
        uploads.c.announcements,
        uploads.c.deadline_at,
        verdicts.c.verdict,
    ).select_from(
        uploads.outerjoin(
            verdicts,
            (verdicts.c.upload_id == uploads.c.upload_id) & verdicts.c.is_current.is_(True),
        )
    )


_STATUS = status_query().where(uploads.c.upload_id == bindparam("asked"))


@cache
def _new_upload(dialect: str) -> Executable:
    """Writes an upload's row, and tells its id, unless there is one."""
    return (
        rows.INSERTS[dialect](uploads)
        .on_conflict_do_nothing(index_elements=[uploads.c.upload_id])
        .returning(uploads.c.upload_id)
    )


async def _insert_upload(
    connection: AsyncConnection, upload: Upload, deadline_at: datetime
) -> bool:
    row = {**rows.upload_row(upload), "deadline_at": deadline_at}
    if await connection.scalar(_new_upload(connection.dialect.name), row) is None:
        return False
    await note_senders(connection, [upload])
    return True
