"""Looks in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam, delete, func, select, union
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from moderation.looks import LARGEST_DISTANCE, Look
from moderation.media import MediaFacts
from moderation.upload import Upload
from storage.database import reading, writing
from storage.looks.bands import BANDS, bands, near
from storage.looks.ports import Alike
from storage.looks.tables import Pdq, looks, seen_media
from storage.rows import insert


class SqlLooks:
    """Implements `storage.looks.ports.LookAlikes` and `LookKeeping`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def same_bytes(self, tenant: str, sha256: str, *, limit: int) -> list[str]:
        asked = (
            select(seen_media.c.upload_id)
            .where(seen_media.c.tenant == tenant, seen_media.c.sha256 == sha256)
            .order_by(seen_media.c.upload_id)
            .limit(limit)
        )
        async with reading(self._engine) as connection:
            return list(await connection.scalars(asked))

    async def looks_of(self, upload_id: str) -> tuple[Look, ...]:
        asked = (
            select(looks.c.pdq, looks.c.quality, looks.c.at_seconds)
            .where(looks.c.upload_id == upload_id)
            .order_by(looks.c.look_id)
        )
        async with reading(self._engine) as connection:
            return tuple(
                Look(pdq=row.pdq.hex(), quality=row.quality, at_seconds=row.at_seconds)
                for row in await connection.execute(asked)
            )

    async def alike(self, tenant: str, look: Look, *, limit: int) -> list[Alike]:
        if not look.comparable:
            return []
        pdq = bytes.fromhex(look.pdq)
        values = {f"near_{number}": near(band) for number, band in enumerate(bands(pdq))}
        async with reading(self._engine) as connection:
            found = await connection.execute(
                look_alike_query(connection.dialect.name),
                {"tenant": tenant, "pdq": pdq, "most": limit, **values},
            )
            return [Alike(upload_id=row.upload_id, distance=row.distance) for row in found]

    async def add(self, upload_id: str, tenant: str, sha256: str, looks: Sequence[Look]) -> None:
        async with writing(self._engine) as connection:
            await remember(connection, upload_id, tenant, sha256, looks)

    async def forget(self, upload_id: str) -> None:
        async with writing(self._engine) as connection:
            await forget(connection, upload_id)


async def remember_media(
    connection: AsyncConnection, upload: Upload, media: MediaFacts | None, seen: Sequence[Look]
) -> None:
    """Remember media that was read, in the transaction of its verdict.

    A verdict that is decided again from what was kept comes without looks: those that
    are known of the same bytes stay.
    """
    if media is None:
        return
    known = select(seen_media.c.sha256).where(seen_media.c.upload_id == upload.upload_id)
    if not seen and await connection.scalar(known) == media.sha256:
        return
    await remember(connection, upload.upload_id, upload.tenant, media.sha256, seen)


async def remember(
    connection: AsyncConnection,
    upload_id: str,
    tenant: str,
    sha256: str,
    seen: Sequence[Look],
) -> None:
    """As `LookKeeping.add`, in a transaction that does more."""
    await forget(connection, upload_id)
    await connection.execute(
        insert(connection, seen_media).values(upload_id=upload_id, tenant=tenant, sha256=sha256)
    )
    rows = [look_row(upload_id, tenant, look) for look in seen if look.comparable]
    if rows:
        await connection.execute(insert(connection, looks), rows)


async def forget(connection: AsyncConnection, upload_id: str) -> None:
    """As `LookKeeping.forget`, in a transaction that forgets more; the looks go with it."""
    await connection.execute(delete(seen_media).where(seen_media.c.upload_id == upload_id))


@cache
def look_alike_query(dialect: str) -> Select[tuple[str, int]]:
    """Ask each band's index by itself; one query over all of them leaves the choice to a planner.

    Parameters: `tenant`, `pdq` (32 bytes), `near_0` to `near_15` (17 values each) and `most`.
    """
    distance = _distance(dialect)
    found = union(
        *(
            select(looks.c.look_id, distance.label("distance")).where(
                looks.c.tenant == bindparam("tenant"),
                looks.c[f"band_{number}"].in_(bindparam(f"near_{number}", expanding=True)),
                distance <= LARGEST_DISTANCE,
            )
            for number in range(BANDS)
        )
    ).subquery()
    closest = func.min(found.c.distance).label("distance")
    return (
        select(looks.c.upload_id, closest)
        .join(found, found.c.look_id == looks.c.look_id)
        .group_by(looks.c.upload_id)
        .order_by(closest, looks.c.upload_id)
        .limit(bindparam("most", type_=Integer))
    )


def _distance(dialect: str) -> ColumnElement[int]:
    asked = bindparam("pdq", type_=Pdq)
    if dialect == "postgresql":
        return func.bit_count(looks.c.pdq.op("#")(asked), type_=Integer)
    return func.bits_apart(looks.c.pdq, asked, type_=Integer)


def look_row(upload_id: str, tenant: str, look: Look) -> dict[str, Any]:
    pdq = bytes.fromhex(look.pdq)
    return {
        "upload_id": upload_id,
        "tenant": tenant,
        "at_seconds": look.at_seconds,
        "quality": look.quality,
        "pdq": pdq,
        **{f"band_{number}": band for number, band in enumerate(bands(pdq))},
    }
