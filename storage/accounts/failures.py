"""Sign-ins that failed, in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.accounts.records import Failures
from storage.accounts.tables import sign_in_failures
from storage.database import reading, writing
from storage.rows import insert


class SqlSignInFailures:
    """Implements `storage.accounts.ports.SignInFailures`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def failed(self, keys: Sequence[str], *, now: datetime, forget: timedelta) -> None:
        counted = sign_in_failures.c.count + 1
        async with writing(self._engine) as connection:
            await connection.execute(
                delete(sign_in_failures).where(sign_in_failures.c.last_at <= now - forget)
            )
            for key in sorted(keys):  # in one order, so that no two wait for one another
                await connection.execute(
                    insert(connection, sign_in_failures)
                    .values(key=key, count=1, last_at=now)
                    .on_conflict_do_update(
                        index_elements=["key"], set_={"count": counted, "last_at": now}
                    )
                )

    async def failures(self, keys: Sequence[str]) -> dict[str, Failures]:
        async with reading(self._engine) as connection:
            found = await connection.execute(
                select(sign_in_failures).where(sign_in_failures.c.key.in_(keys))
            )
            return {
                row.key: Failures(count=row._mapping["count"], last_at=row.last_at) for row in found
            }

    async def forgive(self, key: str) -> None:
        async with writing(self._engine) as connection:
            await connection.execute(delete(sign_in_failures).where(sign_in_failures.c.key == key))
