"""Making accounts, and the links by which their people choose a password."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.identity.secrets import new_secret
from moderation.people import Person, Role, Tenants, spelled
from storage.accounts.ports import Accounts
from storage.accounts.records import Account, Identity, Invitation, digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """How long a session may be idle, how long it lasts at most, and how long a link holds."""

    idle: timedelta = timedelta(hours=1)
    session: timedelta = timedelta(hours=12)
    invitation: timedelta = timedelta(days=3)


class Registry:
    """Adds people and invites them."""

    def __init__(
        self, accounts: Accounts, *, now: Callable[[], datetime], lifetimes: Lifetimes
    ) -> None:
        self._accounts = accounts
        self._now = now
        self._lifetimes = lifetimes

    async def add(self, name: str, *, role: Role, tenants: Tenants) -> Person:
        """Make an account that has no password yet.

        Raises:
            NameTaken: somebody has this name.
            ValueError: it is no name.
        """
        account = new_account(name, role=role, tenants=tenants, now=self._now())
        await self._accounts.people.add(account)
        return account.person

    async def invite(self, person: Person, *, holds: timedelta | None = None) -> str:
        """Make a link's token for who has to choose a password; earlier ones do not hold then."""
        token = new_secret()
        await self._accounts.invitations.invite(
            Invitation(
                token_digest=digest(token),
                person_id=person.person_id,
                expires_at=self._now() + (holds or self._lifetimes.invitation),
            )
        )
        return token


def new_account(
    name: str, *, role: Role, tenants: Tenants, now: datetime, identity: Identity | None = None
) -> Account:
    """An account with ids of its own. Raises: ValueError, when it is no name."""
    person = Person(
        person_id=str(uuid.uuid4()),
        name=spelled(name),
        role=role,
        tenants=tenants,
        pseudonym=f"m-{secrets.token_hex(8)}",
    )
    return Account(person=person, created_at=now, identity=identity)


def invitation_path(token: str) -> str:
    return f"/sign-in/link/{token}"
