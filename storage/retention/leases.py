"""Leases in SQLite or PostgreSQL: a process that dies is relieved when its time is over."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import delete, or_
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.database import now_utc, writing
from storage.retention.tables import leases
from storage.rows import insert


class SqlLeases:
    """Implements `storage.retention.ports.Lease` for one process."""

    def __init__(self, engine: AsyncEngine, *, clock: Callable[[], datetime] = now_utc) -> None:
        self._engine = engine
        self._clock = clock
        self._holder = str(uuid.uuid4())

    async def take(self, name: str, *, within: timedelta) -> bool:
        now = self._clock()
        row = {"name": name, "holder": self._holder, "until": now + within}
        free = or_(leases.c.holder == self._holder, leases.c.until <= now)
        async with writing(self._engine) as connection:
            taken = await connection.scalar(
                insert(connection, leases)
                .values(row)
                .on_conflict_do_update(
                    index_elements=[leases.c.name],
                    set_={"holder": row["holder"], "until": row["until"]},
                    where=free,
                )
                .returning(leases.c.name)
            )
        return taken is not None

    async def give_back(self, name: str) -> None:
        async with writing(self._engine) as connection:
            await connection.execute(
                delete(leases).where(leases.c.name == name, leases.c.holder == self._holder)
            )
