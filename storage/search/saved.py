"""Searches that people keep under a name, in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.accounts.tables import people
from storage.database import now_utc, reading, writing
from storage.rows import insert
from storage.search.ports import MOST_SAVED, SavedQuery
from storage.search.tables import saved_queries


class SqlSavedQueries:
    """Implements `storage.search.ports.SavedQueries`."""

    def __init__(self, engine: AsyncEngine, *, clock: Callable[[], datetime] = now_utc) -> None:
        self._engine = engine
        self._clock = clock

    async def saved(self, person_id: str) -> list[SavedQuery]:
        column = saved_queries.c
        query = select(column.name, column.query).where(column.person_id == person_id)
        async with reading(self._engine) as connection:
            found = await connection.execute(query.order_by(column.name))
            return [SavedQuery(name=row.name, query=row.query) for row in found]

    async def save(self, person_id: str, query: SavedQuery) -> bool:
        column = saved_queries.c
        row = {
            "person_id": person_id,
            "name": query.name,
            "query": query.query,
            "saved_at": self._clock(),
        }
        async with writing(self._engine) as connection:
            # Two windows of one person must not save past the limit.
            await connection.execute(
                select(people.c.person_id).where(people.c.person_id == person_id).with_for_update()
            )
            others = await connection.scalar(
                select(func.count()).where(column.person_id == person_id, column.name != query.name)
            )
            if (others or 0) >= MOST_SAVED:
                return False
            await connection.execute(
                insert(connection, saved_queries)
                .values(row)
                .on_conflict_do_update(index_elements=[column.person_id, column.name], set_=row)
            )
        return True

    async def forget(self, person_id: str, name: str) -> None:
        column = saved_queries.c
        async with writing(self._engine) as connection:
            await connection.execute(
                delete(saved_queries).where(column.person_id == person_id, column.name == name)
            )
