"""Accounts from outside the console: the first one, and those that operators make."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from console.identity.registry import Registry, invitation_path
from moderation.errors import InvalidConfiguration, UnknownPerson
from moderation.people import ALL_TENANTS, Person, Role, Tenants, spelled
from runtime import wiring
from runtime.settings import Settings
from storage.accounts.ports import Accounts
from storage.accounts.records import Account
from storage.database import now_utc

FIRST = "admin"
_FIRST_HOLDS = timedelta(minutes=15)


async def first_sign_in(settings: Settings) -> str | None:
    """The path by which the first administrator chooses a password; None once there is one."""
    if not settings.console.passwords:
        return None
    async with _opened(settings) as (accounts, registry):
        if not await accounts.people.everyone():
            await registry.add(FIRST, role=Role.ADMIN, tenants=ALL_TENANTS)
        account = await accounts.people.find(name=FIRST)
        if account is None or account.person.disabled or account.password_hash or account.identity:
            return None
        return invitation_path(await registry.invite(account.person, holds=_FIRST_HOLDS))


async def add_person(settings: Settings, name: str, role: Role, tenants: Tenants) -> str:
    """Make an account, and return the path by which its password is chosen.

    Raises:
        NameTaken: somebody has this name.
        InvalidConfiguration: it is no name.
    """
    async with _opened(settings) as (_accounts, registry):
        try:
            person = await registry.add(name, role=role, tenants=tenants)
        except ValueError as error:
            raise InvalidConfiguration(str(error)) from error
        return invitation_path(await registry.invite(person))


async def reset_person(settings: Settings, name: str) -> str:
    """Return a path by which somebody chooses a new password. Raises: UnknownPerson."""
    async with _opened(settings) as (accounts, registry):
        person = await _named(accounts, name)
        return invitation_path(await registry.invite(person))


async def disable_person(settings: Settings, name: str, *, disabled: bool) -> None:
    """Keep somebody out, or let them in again. Raises: UnknownPerson, LastAdmin."""
    async with _opened(settings) as (accounts, _registry):
        person = await _named(accounts, name)
        await accounts.standings.place(
            person.person_id, role=person.role, tenants=person.tenants, disabled=disabled
        )


async def everyone(settings: Settings) -> list[Account]:
    async with _opened(settings) as (accounts, _registry):
        return await accounts.people.everyone()


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[tuple[Accounts, Registry]]:
    async with wiring.open_kept(settings) as kept:
        lifetimes = wiring.lifetimes(settings)
        yield kept.accounts, Registry(kept.accounts, now=now_utc, lifetimes=lifetimes)


async def _named(accounts: Accounts, name: str) -> Person:
    try:
        account = await accounts.people.find(name=spelled(name))
    except ValueError:
        account = None
    if account is None:
        raise UnknownPerson(f"nobody is called {name}")
    return account.person
