"""Looks in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Insert,
    Select,
    String,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from moderation.errors import Superseded
from moderation.looks import Look
from moderation.verdict import Verdict
from storage.database import reading, writing
from storage.looks.ports import Alike
from storage.looks.searching import asked_for, look_alike_query, look_columns
from storage.looks.tables import looks, seen_media

_LOOKS_OF = (
    select(looks.c.pdq, looks.c.quality, looks.c.at_seconds)
    .join(seen_media, seen_media.c.looks_held_by == looks.c.upload_id)
    .where(seen_media.c.upload_id == bindparam("asked"))
    .order_by(looks.c.look_id)
)


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
        async with reading(self._engine) as connection:
            return tuple(
                Look(pdq=row.pdq.hex(), quality=row.quality, at_seconds=row.at_seconds)
                for row in await connection.execute(_LOOKS_OF, {"asked": upload_id})
            )

    async def alike(self, tenant: str, look: Look, *, limit: int) -> list[Alike]:
        if not look.comparable:
            return []
        async with reading(self._engine) as connection:
            found = await connection.execute(
                look_alike_query(connection.dialect.name),
                {**asked_for(tenant, look), "most": limit},
            )
            return [Alike(upload_id=row.upload_id, distance=row.distance) for row in found]

    async def add(self, upload_id: str, tenant: str, sha256: str, looks: Sequence[Look]) -> None:
        async with writing(self._engine) as connection:
            await forget(connection, upload_id)
            await _remember(connection, upload_id, tenant, sha256, looks)

    async def forget(self, upload_id: str) -> None:
        async with writing(self._engine) as connection:
            await forget(connection, upload_id)


async def remember_media(
    connection: AsyncConnection, verdict: Verdict, seen: Sequence[Look]
) -> None:
    """Remember the media that a verdict is about, in its transaction.

    A verdict that is decided again from what was kept comes without looks: those that
    are known of the same bytes stay.

    Raises:
        Superseded: the verdict was taken over, and no other upload has these bytes any more: what
            it shares with them may be gone.
    """
    if verdict.media is None:
        return
    sha256 = verdict.media.sha256
    # Media are remembered with verdicts: before the first one nothing is known.
    if verdict.supersedes is not None:
        known = await connection.scalar(
            select(seen_media.c.sha256).where(seen_media.c.upload_id == verdict.upload_id)
        )
        if not seen and known == sha256:
            return
        if known is not None:
            await forget(connection, verdict.upload_id)
    holder = await _remember(connection, verdict.upload_id, verdict.tenant, sha256, seen)
    if verdict.was_taken_over and holder == verdict.upload_id:
        raise Superseded("the upload whose verdict was to be taken over is gone")


async def _remember(
    connection: AsyncConnection,
    upload_id: str,
    tenant: str,
    sha256: str,
    seen: Sequence[Look],
) -> str:
    """As `LookKeeping.add`, of an upload of which nothing is remembered; tells who holds looks."""
    row = {"upload_id": upload_id, "tenant": tenant, "sha256": sha256}
    holder = str(await connection.scalar(_REMEMBERED, row))
    rows = [look_row(holder, tenant, look) for look in seen if look.comparable]
    if rows and not await connection.scalar(_held_by(holder)):
        await connection.execute(insert(looks), rows)
    return holder


def _remembered() -> Insert:
    """Writes `upload_id`, `tenant`, `sha256`, and tells who holds the looks of these bytes.

    That is another upload of them, which is kept from being forgotten meanwhile, or the upload.
    """
    holders = seen_media.alias("holders")
    asked = {name: bindparam(name, type_=String) for name in ("upload_id", "tenant", "sha256")}
    holder = (
        select(holders.c.upload_id)
        .join(seen_media, seen_media.c.looks_held_by == holders.c.upload_id)
        .where(seen_media.c.tenant == asked["tenant"], seen_media.c.sha256 == asked["sha256"])
        .limit(1)
        .with_for_update(read=True, key_share=True, of=holders)
        .scalar_subquery()
    )
    row = select(*asked.values(), func.coalesce(holder, asked["upload_id"]))
    columns = [*asked, "looks_held_by"]
    return insert(seen_media).from_select(columns, row).returning(seen_media.c.looks_held_by)


_REMEMBERED = _remembered()


def _held_by(upload_id: str) -> Select[tuple[int]]:
    return select(looks.c.look_id).where(looks.c.upload_id == upload_id).limit(1)


async def forget(connection: AsyncConnection, upload_id: str) -> None:
    """As `LookKeeping.forget`, in a transaction that forgets more; the looks go with the row."""
    await hand_on_looks(connection, upload_id)
    await connection.execute(delete(seen_media).where(seen_media.c.upload_id == upload_id))


async def hand_on_looks(connection: AsyncConnection, upload_id: str) -> None:
    """Before an upload's rows go: let another of the same bytes hold the looks of all of them.

    Whoever just found this one to be the holder is waited for: it is the other one.
    """
    own = select(seen_media.c.upload_id).where(seen_media.c.upload_id == upload_id)
    await connection.execute(own.with_for_update())
    held = seen_media.c.looks_held_by == upload_id
    heir = await connection.scalar(
        select(seen_media.c.upload_id)
        .where(held, seen_media.c.upload_id != upload_id)
        .order_by(seen_media.c.upload_id)
        .limit(1)
    )
    if heir is None:
        return
    await connection.execute(
        update(looks).where(looks.c.upload_id == upload_id).values(upload_id=heir)
    )
    await connection.execute(update(seen_media).where(held).values(looks_held_by=heir))


def look_row(upload_id: str, tenant: str, look: Look) -> dict[str, Any]:
    return {
        "upload_id": upload_id,
        "tenant": tenant,
        "at_seconds": look.at_seconds,
        "quality": look.quality,
        **look_columns(look.pdq),
    }
