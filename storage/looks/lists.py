"""Lists of looks in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Integer, Select, bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from moderation.listed_looks import ListChanges, ListedLook
from moderation.looks import Look
from moderation.matching import MOST_MATCHES
from moderation.people import EVERY
from moderation.verdict import Action, Match, MatchKind
from storage.database import reading, writing
from storage.looks.ports import LookList
from storage.looks.searching import asked_for, found_in, look_columns
from storage.looks.tables import listed_looks, looks, seen_media
from storage.reviews.tables import standing_decisions
from storage.rows import blocks, insert

_AT_ONCE = 1000  # rows a statement
_ANY = select(listed_looks.c.look_id).limit(1)


class SqlLookLists:
    """Implements `storage.looks.ports.ListedLooks`, `LookLists` and `RestrictedLooks`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def matches(self, tenant: str, seen: Sequence[Look]) -> list[Match]:
        found: list[Match] = []
        async with reading(self._engine) as connection:
            if not await connection.scalar(_ANY):
                return []
            asked = _match_query(connection.dialect.name)
            for look in seen:
                for whose in (tenant, EVERY) if look.comparable else ():
                    about = {**asked_for(whose, look), "most": MOST_MATCHES}
                    rows = await connection.execute(asked, about)
                    found.extend(_match(row) for row in rows)
        return closest_entries(found)

    async def change(
        self, tenant: str, name: str, changes: ListChanges, *, replacing: bool = False
    ) -> None:
        whole = (listed_looks.c.tenant == tenant, listed_looks.c.list_name == name)
        async with writing(self._engine) as connection:
            if replacing:
                await connection.execute(delete(listed_looks).where(*whole))
            for gone in blocks(changes.withdrawn, most=_AT_ONCE):
                hashes = [bytes.fromhex(pdq) for pdq in gone]
                await connection.execute(
                    delete(listed_looks).where(*whole, listed_looks.c.pdq.in_(hashes))
                )
            last = {one.pdq: one for one in changes.listed}
            for some in blocks(list(last.values()), most=_AT_ONCE):
                await _put(connection, [_row(tenant, name, one) for one in some])

    async def lists(self) -> list[LookList]:
        asked = (
            select(listed_looks.c.tenant, listed_looks.c.list_name, func.count().label("looks"))
            .group_by(listed_looks.c.tenant, listed_looks.c.list_name)
            .order_by(listed_looks.c.tenant, listed_looks.c.list_name)
        )
        async with reading(self._engine) as connection:
            return [
                LookList(tenant=row.tenant, name=row.list_name, looks=row.looks)
                for row in await connection.execute(asked)
            ]

    async def entries(self, tenant: str, name: str) -> list[ListedLook]:
        asked = (
            select(listed_looks.c.pdq, listed_looks.c.entry)
            .where(listed_looks.c.tenant == tenant, listed_looks.c.list_name == name)
            .order_by(listed_looks.c.pdq)
        )
        async with reading(self._engine) as connection:
            return [
                ListedLook(pdq=row.pdq.hex(), entry=row.entry)
                for row in await connection.execute(asked)
            ]

    async def restricted(self, tenant: str) -> list[ListedLook]:
        restricting = [action.value for action in Action if action.restricts]
        asked = (
            select(looks.c.pdq)
            .join(seen_media, seen_media.c.looks_held_by == looks.c.upload_id)
            .join(standing_decisions, standing_decisions.c.upload_id == seen_media.c.upload_id)
            .where(seen_media.c.tenant == tenant, standing_decisions.c.action.in_(restricting))
            .distinct()
            .order_by(looks.c.pdq)
        )
        async with reading(self._engine) as connection:
            found = await connection.scalars(asked)
            return [ListedLook(pdq=pdq.hex()) for pdq in found]


def closest_entries(matches: Iterable[Match]) -> list[Match]:
    """Each entry once, at its smallest distance; the closest first, MOST_MATCHES of them."""
    found: dict[tuple[str | None, str | None], Match] = {}
    for match in sorted(
        matches, key=lambda one: (one.distance, one.list_name or "", one.entry or "")
    ):
        found.setdefault((match.list_name, match.entry), match)
    return list(found.values())[:MOST_MATCHES]


async def _put(connection: AsyncConnection, rows: list[dict[str, Any]]) -> None:
    put = insert(connection, listed_looks)
    await connection.execute(
        put.on_conflict_do_update(
            index_elements=["tenant", "list_name", "pdq"], set_={"entry": put.excluded.entry}
        ),
        rows,
    )


def _row(tenant: str, name: str, one: ListedLook) -> dict[str, Any]:
    return {"tenant": tenant, "list_name": name, "entry": one.entry, **look_columns(one.pdq)}


def _match(row: Any) -> Match:
    return Match(
        kind=MatchKind.LISTED,
        list_name=row.list_name,
        entry=row.entry or row.pdq.hex(),
        distance=row.distance,
    )


@cache
def _match_query(dialect: str) -> Select[Any]:
    """Parameters: those of `found_in`, and `most`."""
    found = found_in(listed_looks, dialect)
    return (
        select(listed_looks.c.list_name, listed_looks.c.entry, listed_looks.c.pdq, found.c.distance)
        .select_from(found)
        .join(listed_looks, listed_looks.c.look_id == found.c.look_id)
        .order_by(found.c.distance, listed_looks.c.list_name, listed_looks.c.entry)
        .limit(bindparam("most", type_=Integer))
    )
