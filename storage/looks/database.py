"""Looks in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from sqlalchemy import (
    Insert,
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

_NewLooks: TypeAlias = dict[str, list[dict[str, Any]]]
"""Rows of looks that are to be inserted, by the upload that holds them."""

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
            new: _NewLooks = {}
            await _remember(connection, upload_id, tenant, sha256, looks, new)
            await _insert_looks(connection, new)

    async def forget(self, upload_id: str) -> None:
        async with writing(self._engine) as connection:
            await forget(connection, upload_id)


async def remember_media(
    connection: AsyncConnection, seen: Iterable[tuple[Verdict, Sequence[Look]]]
) -> None:
    """Remember the media that verdicts are about, in their transaction.

    A verdict that is decided again from what was kept comes without looks: those that
    are known of the same bytes stay.

    Raises:
        Superseded: a verdict was taken over, and no other upload has these bytes any more: what
            it shares with them may be gone.
    """
    new: _NewLooks = {}
    for verdict, looks_of_it in seen:
        await _remember_one(connection, verdict, looks_of_it, new)
    await _insert_looks(connection, new)


async def _remember_one(
    connection: AsyncConnection, verdict: Verdict, seen: Sequence[Look], new: _NewLooks
) -> None:
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
            await _insert_looks(connection, new)  # some may be held by this one
            await forget(connection, verdict.upload_id)
    holder = await _remember(connection, verdict.upload_id, verdict.tenant, sha256, seen, new)
    if verdict.was_taken_over and holder == verdict.upload_id:
        raise Superseded("the upload whose verdict was to be taken over is gone")


async def _remember(
    connection: AsyncConnection,
    upload_id: str,
    tenant: str,
    sha256: str,
    seen: Sequence[Look],
    new: _NewLooks,
) -> str:
    """As `LookKeeping.add`, of an upload of which nothing is remembered; tells who holds looks.

    Rows that are to be inserted are added to `new`.
    """
    row = {"upload_id": upload_id, "tenant": tenant, "sha256": sha256}
    holder = str(await connection.scalar(_REMEMBERED, row))
    rows = [look_row(holder, tenant, look) for look in seen if look.comparable]
    if rows and holder not in new and not await _holds(connection, holder, but=upload_id):
        new[holder] = rows
    return holder


async def _holds(connection: AsyncConnection, holder: str, *, but: str) -> bool:
    """Whether an upload holds looks; `but` is one that holds none."""
    if holder == but:
        return False
    return await connection.scalar(_HELD_BY, {"holder": holder}) is not None


async def _insert_looks(connection: AsyncConnection, new: _NewLooks) -> None:
    if new:
        await connection.execute(insert(looks), [row for rows in new.values() for row in rows])
        new.clear()


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


_HELD_BY = select(looks.c.look_id).where(looks.c.upload_id == bindparam("holder")).limit(1)


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
