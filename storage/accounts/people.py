"""People, what becomes of them, and their invitations, in SQLite or PostgreSQL."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from moderation.errors import LastAdmin, NameTaken, UnknownPerson
from moderation.people import Person, Role, Tenants
from storage.accounts.records import Account, Identity, Invitation
from storage.accounts.rows import account_row, read_account, read_person
from storage.accounts.tables import invitations, people, sessions
from storage.database import reading, writing
from storage.rows import insert


class SqlPeople:
    """Implements `storage.accounts.ports.People`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, account: Account) -> None:
        async with writing(self._engine) as connection:
            try:
                await connection.execute(insert(connection, people).values(account_row(account)))
            except IntegrityError as error:
                raise NameTaken from error

    async def find(
        self,
        *,
        person_id: str | None = None,
        name: str | None = None,
        identity: Identity | None = None,
    ) -> Account | None:
        query = select(people)
        if person_id is not None:
            query = query.where(people.c.person_id == person_id)
        if name is not None:
            query = query.where(people.c.name == name)
        if identity is not None:
            query = query.where(
                people.c.issuer == identity.issuer, people.c.subject == identity.subject
            )
        async with reading(self._engine) as connection:
            row = (await connection.execute(query.limit(1))).one_or_none()
            return None if row is None else read_account(row)

    async def everyone(self) -> list[Account]:
        async with reading(self._engine) as connection:
            found = await connection.execute(select(people).order_by(people.c.name))
            return [read_account(row) for row in found]


class SqlStandings:
    """Implements `storage.accounts.ports.Standings`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def place(
        self, person_id: str, *, role: Role, tenants: Tenants, disabled: bool
    ) -> Person:
        async with writing(self._engine) as connection:
            before = await _locked(connection, person_id)
            if (before.role, before.tenants, before.disabled) == (role, tenants, disabled):
                return before
            changed = await connection.execute(
                update(people)
                .where(people.c.person_id == person_id)
                .values(role=role.value, tenants=list(tenants), disabled=disabled)
                .returning(people)
            )
            person = read_person(changed.one())
            was_admin = before.role is Role.ADMIN and not before.disabled
            if was_admin and not await _admins(connection):
                raise LastAdmin
            await _sign_out(connection, person_id)
            return person

    async def set_password(self, person_id: str, password_hash: str) -> None:
        async with writing(self._engine) as connection:
            await _locked(connection, person_id)
            await _replace_password(connection, person_id, password_hash)

    async def rehash(self, person_id: str, *, old: str, new: str) -> None:
        async with writing(self._engine) as connection:
            await connection.execute(
                update(people)
                .where(people.c.person_id == person_id, people.c.password_hash == old)
                .values(password_hash=new)
            )


class SqlInvitations:
    """Implements `storage.accounts.ports.Invitations`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def invite(self, invitation: Invitation) -> None:
        values = {
            "token_digest": invitation.token_digest,
            "person_id": invitation.person_id,
            "expires_at": invitation.expires_at,
        }
        async with writing(self._engine) as connection:
            await connection.execute(
                insert(connection, invitations)
                .values(values)
                .on_conflict_do_update(index_elements=["person_id"], set_=values)
            )

    async def invited(self, token_digest: str, *, now: datetime) -> Account | None:
        async with reading(self._engine) as connection:
            found = await connection.execute(
                select(people)
                .join(invitations, invitations.c.person_id == people.c.person_id)
                .where(
                    invitations.c.token_digest == token_digest,
                    invitations.c.expires_at > now,
                    people.c.disabled.is_(False),
                )
            )
            row = found.one_or_none()
            return None if row is None else read_account(row)

    async def accept(
        self, token_digest: str, *, password_hash: str, now: datetime
    ) -> Account | None:
        async with writing(self._engine) as connection:
            # Whoever deletes the row has used it: a second one finds none.
            person_id = await connection.scalar(
                delete(invitations)
                .where(invitations.c.token_digest == token_digest, invitations.c.expires_at > now)
                .returning(invitations.c.person_id)
            )
            if person_id is None or (await _locked(connection, person_id)).disabled:
                return None
            await _replace_password(connection, person_id, password_hash)
            found = await connection.execute(select(people).where(people.c.person_id == person_id))
            return read_account(found.one())


async def _locked(connection: AsyncConnection, person_id: str) -> Person:
    """The person, and every admin, not to be changed by others before this transaction ends.

    In one order, so that two who take each other's place do not wait for one another.
    """
    found = await connection.execute(
        select(people)
        .where((people.c.role == Role.ADMIN.value) | (people.c.person_id == person_id))
        .order_by(people.c.person_id)
        .with_for_update()
    )
    for row in found:
        if row.person_id == person_id:
            return read_person(row)
    raise UnknownPerson


async def _admins(connection: AsyncConnection) -> int:
    """How many are left who may let others in."""
    count = await connection.scalar(
        select(func.count())
        .select_from(people)
        .where(people.c.role == Role.ADMIN.value, people.c.disabled.is_(False))
    )
    return count or 0


async def _replace_password(
    connection: AsyncConnection, person_id: str, password_hash: str
) -> None:
    await connection.execute(
        update(people).where(people.c.person_id == person_id).values(password_hash=password_hash)
    )
    await connection.execute(delete(invitations).where(invitations.c.person_id == person_id))
    await _sign_out(connection, person_id)


async def _sign_out(connection: AsyncConnection, person_id: str) -> None:
    await connection.execute(delete(sessions).where(sessions.c.person_id == person_id))
