"""Sessions of browsers, in SQLite or PostgreSQL."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.accounts.records import Session, SignedIn
from storage.accounts.rows import PERSON_BESIDE, read_person, read_session, session_row
from storage.accounts.tables import people, sessions
from storage.database import reading, writing
from storage.rows import insert

SEEN_EVERY = timedelta(minutes=1)


class SqlSessions:
    """Implements `storage.accounts.ports.Sessions` and `OpenSessions`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def open(self, session: Session) -> None:
        """See `storage.accounts.ports.Sessions`; what has expired meanwhile is swept."""
        async with writing(self._engine) as connection:
            await connection.execute(
                delete(sessions).where(sessions.c.idle_until <= session.created_at)
            )
            await connection.execute(insert(connection, sessions).values(session_row(session)))

    async def use(self, session_digest: str, *, now: datetime, idle: timedelta) -> SignedIn | None:
        async with reading(self._engine) as connection:
            found = await connection.execute(
                select(sessions, *PERSON_BESIDE)
                .join(people, people.c.person_id == sessions.c.person_id)
                .where(
                    sessions.c.session_digest == session_digest,
                    sessions.c.idle_until > now,
                    people.c.disabled.is_(False),
                )
            )
            row = found.one_or_none()
        if row is None:
            return None
        session = read_session(row)
        if now - session.seen_at >= SEEN_EVERY:
            await self._live_on(session, now=now, idle=idle)
        return SignedIn(session=session, person=read_person(row))

    async def end(self, session_digest: str) -> None:
        async with writing(self._engine) as connection:
            await connection.execute(
                delete(sessions).where(sessions.c.session_digest == session_digest)
            )

    async def every(self, *, now: datetime, person_id: str | None = None) -> list[Session]:
        query = select(sessions).where(sessions.c.idle_until > now)
        if person_id is not None:
            query = query.where(sessions.c.person_id == person_id)
        newest = query.order_by(sessions.c.seen_at.desc(), sessions.c.session_digest)
        async with reading(self._engine) as connection:
            return [read_session(row) for row in await connection.execute(newest)]

    async def end_of(self, person_id: str, *, but: str | None = None) -> None:
        others = delete(sessions).where(sessions.c.person_id == person_id)
        if but is not None:
            others = others.where(sessions.c.session_digest != but)
        async with writing(self._engine) as connection:
            await connection.execute(others)

    async def _live_on(self, session: Session, *, now: datetime, idle: timedelta) -> None:
        async with writing(self._engine) as connection:
            await connection.execute(
                update(sessions)
                .where(
                    sessions.c.session_digest == session.session_digest,
                    sessions.c.seen_at < now,
                )
                .values(seen_at=now, idle_until=min(now + idle, session.expires_at))
            )
