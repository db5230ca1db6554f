"""Removes what is due, in SQLite or PostgreSQL, and remembers how far that is done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from moderation.retention import Part
from storage.database import now_utc, reading, writing
from storage.erasure.rows import (
    bytes_packed_in,
    pack_folder,
    places_of,
    remove_upload,
    sent_places,
)
from storage.outbox import write_messages
from storage.ports import OutboundMessage
from storage.retention import finding
from storage.retention.ports import Due, Standing
from storage.retention.strays import strays
from storage.retention.tables import retention_holds, retention_marks
from storage.retention.thinning import thin
from storage.rows import insert
from storage.tables import uploads


class SqlRetention:
    """Implements `storage.retention.ports.RetentionWork` and `RetentionRecords`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def tenants(self) -> list[str]:
        async with reading(self._engine) as connection:
            return await finding.tenants_with_ends(connection)

    async def due(
        self, tenant: str, part: Part, *, ended_before: datetime, limit: int
    ) -> list[Due]:
        async with reading(self._engine) as connection:
            mark = await finding.mark_of(connection, tenant, part)
            wanted = finding.after(mark, tenant, ended_before)
            last = await finding.last_of_batch(connection, wanted, limit)
            if last is not None:
                wanted.append(uploads.c.concluded_at <= last)
            query = finding.columns(ended_before).where(*wanted)
            freed = finding.freed(tenant, part, ended_before).limit(limit)
            rows = [
                *await connection.execute(freed),
                *await connection.execute(query.order_by(uploads.c.concluded_at)),
            ]
            return [await _due(connection, row, tenant, part, ended_before) for row in rows]

    async def remove(
        self, part: Part, due: Sequence[Due], *, publish: Sequence[OutboundMessage]
    ) -> None:
        if not due:
            return
        async with writing(self._engine) as connection:
            for one in due:
                await _remove(connection, part, one)
            await _mark(connection, part, due)
            await write_messages(connection, publish, at=now_utc())

    async def standing(self, tenant: str, part: Part, *, ended_before: datetime) -> Standing:
        held = retention_holds.c
        async with reading(self._engine) as connection:
            mark = await finding.mark_of(connection, tenant, part)
            oldest = select(func.min(uploads.c.concluded_at)).where(
                *finding.after(mark, tenant, ended_before)
            )
            count = select(func.count()).where(held.tenant == tenant, held.part == part.value)
            return Standing(
                until=mark,
                overdue_since=await connection.scalar(oldest),
                held=await connection.scalar(count) or 0,
            )

    async def needed(self, place: str, due: Due, *, ended_before: datetime) -> bool:
        packed = bytes_packed_in(place)
        if packed is None:
            return False
        async with reading(self._engine) as connection:
            return await finding.is_needed(connection, *packed, due.upload_id, ended_before)

    async def strays(self, keys: Sequence[str]) -> list[str]:
        async with reading(self._engine) as connection:
            return await strays(connection, keys)


async def _due(
    connection: AsyncConnection, row: Row[Any], tenant: str, part: Part, ended_before: datetime
) -> Due:
    places: list[str] = []
    if not row.held and part is Part.MEDIA:
        places += sent_places(tenant, row.upload_id, row.upload["uri"])
    if not row.held and part is Part.PACKS and row.sha256 is not None:
        needed = await finding.is_needed(
            connection, tenant, row.sha256, row.upload_id, ended_before
        )
        if not needed:
            places.append(f"{pack_folder(tenant, row.sha256)}/")
    if not row.held and part is Part.VERDICTS:
        places += await places_of(connection, row.upload_id, tenant)
    return Due(
        upload_id=row.upload_id,
        tenant=tenant,
        ended_at=row.concluded_at,
        held=bool(row.held),
        places=tuple(places),
    )


async def _remove(connection: AsyncConnection, part: Part, one: Due) -> None:
    hold = {"upload_id": one.upload_id, "part": part.value}
    if one.held:
        ended_at = one.anew_from or one.ended_at
        row = {**hold, "tenant": one.tenant, "ended_at": ended_at}
        await connection.execute(
            insert(connection, retention_holds)
            .values(row)
            .on_conflict_do_update(
                index_elements=["upload_id", "part"], set_={"ended_at": ended_at}
            )
        )
        return
    await connection.execute(
        delete(retention_holds).where(
            retention_holds.c.upload_id == one.upload_id, retention_holds.c.part == part.value
        )
    )
    if part is Part.EVIDENCE:
        await thin(connection, one.upload_id)
    if part is Part.VERDICTS:
        await remove_upload(connection, one.upload_id, one.tenant)


async def _mark(connection: AsyncConnection, part: Part, due: Sequence[Due]) -> None:
    """Move the mark on, never back: those that were held longer ended before it."""
    tenant, until = due[0].tenant, max(one.ended_at for one in due)
    await connection.execute(
        insert(connection, retention_marks)
        .values(tenant=tenant, part=part.value, until=until)
        .on_conflict_do_update(
            index_elements=["tenant", "part"],
            set_={"until": until},
            where=retention_marks.c.until < until,
        )
    )
