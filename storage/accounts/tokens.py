"""Keys of programs, in SQLite or PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.accounts.records import ApiToken, Presented
from storage.accounts.rows import PERSON_BESIDE, read_person, read_token, token_row
from storage.accounts.sessions import SEEN_EVERY
from storage.accounts.tables import api_tokens, people
from storage.database import reading, writing
from storage.rows import insert


class SqlApiTokens:
    """Implements `storage.accounts.ports.ApiTokens` and `TokenList`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, token: ApiToken) -> None:
        async with writing(self._engine) as connection:
            await connection.execute(insert(connection, api_tokens).values(token_row(token)))

    async def use(self, token_digest: str, *, now: datetime) -> Presented | None:
        columns: list[ColumnElement[Any]] = [
            *(column for column in api_tokens.c if column.name not in ("name", "tenants")),
            api_tokens.c.name.label("token_name"),
            api_tokens.c.tenants.label("token_tenants"),
        ]
        async with reading(self._engine) as connection:
            found = await connection.execute(
                select(*columns, *PERSON_BESIDE)
                .join(people, people.c.person_id == api_tokens.c.person_id)
                .where(
                    api_tokens.c.token_digest == token_digest,
                    api_tokens.c.expires_at > now,
                    api_tokens.c.revoked_at.is_(None),
                    people.c.disabled.is_(False),
                )
            )
            row = found.one_or_none()
        if row is None:
            return None
        token = read_token(row, name=row.token_name, tenants=row.token_tenants)
        if token.used_at is None or now - token.used_at >= SEEN_EVERY:
            await self._note_use(token.token_id, now)
        return Presented(token=token, person=read_person(row))

    async def revoke(self, token_id: str, *, now: datetime) -> None:
        async with writing(self._engine) as connection:
            await connection.execute(
                update(api_tokens)
                .where(api_tokens.c.token_id == token_id, api_tokens.c.revoked_at.is_(None))
                .values(revoked_at=now)
            )

    async def tokens(self) -> list[ApiToken]:
        newest = select(api_tokens).order_by(api_tokens.c.created_at.desc(), api_tokens.c.token_id)
        async with reading(self._engine) as connection:
            return [
                read_token(row, name=row.name, tenants=row.tenants)
                for row in await connection.execute(newest)
            ]

    async def _note_use(self, token_id: str, now: datetime) -> None:
        async with writing(self._engine) as connection:
            await connection.execute(
                update(api_tokens).where(api_tokens.c.token_id == token_id).values(used_at=now)
            )
