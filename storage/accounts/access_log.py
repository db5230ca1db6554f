"""Every look at media, in SQLite or PostgreSQL; the database itself refuses to rewrite it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.people import Tenants
from storage.accounts.records import MediaAccess
from storage.accounts.rows import read_access
from storage.accounts.tables import media_accesses
from storage.database import reading, writing
from storage.rows import insert
from storage.tenancy import seen_by


class SqlMediaAccessLog:
    """Implements `storage.accounts.ports.MediaAccessLog`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def note(self, access: MediaAccess) -> None:
        async with writing(self._engine) as connection:
            await connection.execute(
                insert(connection, media_accesses).values(
                    at=access.at,
                    person_id=access.person_id,
                    token_id=access.token_id,
                    tenant=access.tenant,
                    upload_id=access.upload_id,
                    part=access.part.value,
                    reason=access.reason,
                    detail=access.detail,
                )
            )

    async def accesses(
        self,
        tenants: Tenants,
        *,
        upload_id: str | None = None,
        person_id: str | None = None,
        limit: int,
    ) -> list[MediaAccess]:
        query = select(media_accesses).where(seen_by(tenants, media_accesses.c.tenant))
        if upload_id is not None:
            query = query.where(media_accesses.c.upload_id == upload_id)
        if person_id is not None:
            query = query.where(media_accesses.c.person_id == person_id)
        newest = query.order_by(media_accesses.c.access_id.desc()).limit(limit)
        async with reading(self._engine) as connection:
            return [read_access(row) for row in await connection.execute(newest)]
