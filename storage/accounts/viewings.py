"""How people want media to be shown to them, in SQLite or PostgreSQL."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.accounts.records import Viewing
from storage.accounts.tables import viewings
from storage.database import reading, writing
from storage.rows import insert


class SqlViewings:
    """Implements `storage.accounts.ports.Viewings`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def chosen(self, person_id: str) -> Viewing | None:
        query = select(viewings).where(viewings.c.person_id == person_id)
        async with reading(self._engine) as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        return Viewing(blurred=row.blurred, grey=row.grey, muted=row.muted)

    async def choose(self, person_id: str, viewing: Viewing | None) -> None:
        async with writing(self._engine) as connection:
            if viewing is None:
                await connection.execute(delete(viewings).where(viewings.c.person_id == person_id))
                return
            told = {"blurred": viewing.blurred, "grey": viewing.grey, "muted": viewing.muted}
            await connection.execute(
                insert(connection, viewings)
                .values(person_id=person_id, **told)
                .on_conflict_do_update(index_elements=["person_id"], set_=told)
            )
