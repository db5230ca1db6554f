"""Does erasures, step by step, in SQLite or PostgreSQL; every step may be taken again.

A pass removes the rows of each upload, and then what lies in the media store. There are two:
what was on its way while the first one ran is gone after the second. Once the broker has the
tombstones, too, the target's name goes and the proof is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from moderation.erasure import Erasure, ErasureScope, ErasureState, counted
from storage.database import now_utc, reading, writing
from storage.erasure.asking import erasure_row, uploads_of
from storage.erasure.ports import Left, Target
from storage.erasure.rows import is_needed, read_erasure, read_erasures, remove_upload
from storage.erasure.tables import erased_uploads, erasure_targets, erasures
from storage.erasure.tombstones import block, secret_of
from storage.outbox import write_messages
from storage.ports import OutboundMessage
from storage.tables import outbox


class SqlErasureWork:
    """Implements `storage.erasure.ports.ErasureWork` and `ErasureSteps`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def due(self, now: datetime, *, limit: int) -> list[Erasure]:
        query = (
            select(erasures)
            .where(erasures.c.finished_at.is_(None), erasures.c.due_at <= now)
            .order_by(erasures.c.due_at, erasures.c.erasure_id)
            .limit(limit)
        )
        async with reading(self._engine) as connection:
            return read_erasures(await connection.execute(query))

    async def block_next(self, erasure: Erasure, *, after: str, limit: int) -> str | None:
        if erasure.scope is not ErasureScope.UPLOADER:
            return None
        async with writing(self._engine) as connection:
            secret = await secret_of(connection)
            sent = await uploads_of(
                connection,
                erasure.tenant,
                erasure.target or "",
                until=erasure.asked_at,  # what is sent later is another matter
                after=after,
                limit=limit,
            )
            for upload_id in sent:
                await block(connection, secret, upload_id, erasure.tenant, erasure.erasure_id)
        return sent[-1] if sent else None

    async def targets(self, erasure: Erasure) -> list[Target]:
        async with reading(self._engine) as connection:
            found = await connection.scalars(
                select(erasure_targets.c.upload_id)
                .where(
                    erasure_targets.c.erasure_id == erasure.erasure_id,
                    erasure_targets.c.passes < _passes(erasure),
                )
                .order_by(erasure_targets.c.upload_id)
            )
            return [Target(upload_id=upload_id, tenant=erasure.tenant) for upload_id in found]

    async def end_pass(self, erasure: Erasure, *, now: datetime, settle: timedelta) -> Erasure:
        async with writing(self._engine) as connection:
            kept = await _locked(connection, erasure.erasure_id)
            ended = await _ended(connection, kept, now, settle)
            await _write(connection, ended)
        if ended.state is ErasureState.DONE:
            await self._leave_no_trace()
        return ended

    async def remove_rows(
        self, erasure: Erasure, target: Target, *, publish: Sequence[OutboundMessage]
    ) -> Left:
        async with writing(self._engine) as connection:
            kept = await _locked(connection, erasure.erasure_id)
            removed = await remove_upload(connection, target.upload_id, target.tenant)
            before = await connection.scalar(select(erasure_targets.c.places).where(_is(target)))
            places = sorted({*(before or ()), *removed.places})
            await connection.execute(
                update(erasure_targets).where(_is(target)).values(places=places)
            )
            await _write(connection, replace(kept, removed=counted(kept.removed, removed.rows)))
            await write_messages(connection, publish, at=now_utc())
            # An upload of the same bytes may have come since: since the first pass remembered
            # them, or while this transaction waited for it.
            left = [
                place
                for place in places
                if not await is_needed(connection, place, besides=target.upload_id)
            ]
            return Left(places=tuple(left), ended_at=removed.ended_at)

    async def objects_removed(
        self, erasure: Erasure, target: Target, *, count: int, ended: bool
    ) -> None:
        async with writing(self._engine) as connection:
            kept = await _locked(connection, erasure.erasure_id)
            moved = await connection.execute(
                update(erasure_targets)
                .where(_is(target), erasure_targets.c.passes < _passes(kept))
                .values(passes=erasure_targets.c.passes + int(ended))
            )
            if moved.rowcount:
                removed = counted(kept.removed, {"objects": count})
                await _write(connection, replace(kept, removed=removed))

    async def backlog(self) -> tuple[int, datetime | None]:
        async with reading(self._engine) as connection:
            found = await connection.execute(
                select(func.count(erasures.c.erasure_id), func.min(erasures.c.asked_at)).where(
                    erasures.c.finished_at.is_(None)
                )
            )
            count, since = found.one()
            return count, since

    async def _leave_no_trace(self) -> None:
        """SQLite keeps what was written in its log, until that is written back and cut."""
        if self._engine.dialect.name != "sqlite":
            return
        async with self._engine.connect() as connection:
            outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await outside.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))


def _passes(erasure: Erasure) -> int:
    """How many an upload has when this pass has ended for it."""
    return 1 if erasure.state is ErasureState.PENDING else 2


def _is(target: Target) -> Any:
    return erasure_targets.c.upload_id == target.upload_id


async def _ended(
    connection: AsyncConnection, erasure: Erasure, now: datetime, settle: timedelta
) -> Erasure:
    if erasure.state is ErasureState.PENDING:
        return replace(erasure, state=ErasureState.SETTLING, due_at=now + settle)
    if erasure.state is ErasureState.DONE:
        return erasure
    own = erasure_targets.c.erasure_id == erasure.erasure_id
    if await connection.scalar(select(func.count()).where(own, erasure_targets.c.passes < 2)):
        return replace(erasure, due_at=now + settle)  # found only now
    untold = outbox.c.key.in_(select(erasure_targets.c.upload_id).where(own))
    if await connection.scalar(select(func.count()).select_from(outbox).where(untold)):
        return erasure  # the broker has not all tombstones yet
    await connection.execute(delete(erasure_targets).where(own))
    uploads = await connection.scalar(
        select(func.count())
        .select_from(erased_uploads)
        .where(erased_uploads.c.erasure_id == erasure.erasure_id)
    )
    return replace(
        erasure, state=ErasureState.DONE, target=None, uploads=uploads or 0, finished_at=now
    )


async def _locked(connection: AsyncConnection, erasure_id: str) -> Erasure:
    found = await connection.execute(
        select(erasures).where(erasures.c.erasure_id == erasure_id).with_for_update()
    )
    return read_erasure(found.one())


async def _write(connection: AsyncConnection, erasure: Erasure) -> None:
    await connection.execute(
        update(erasures)
        .where(erasures.c.erasure_id == erasure.erasure_id)
        .values(erasure_row(erasure))
    )
