"""Signing in: by password, by invitation, or as a provider says; then a session of one's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

import structlog

from console.faults import Refused
from console.identity import slowing
from console.identity.gate import too_often
from console.identity.passwords import Passwords, check_password
from console.identity.registry import Lifetimes, new_account
from console.identity.secrets import new_secret
from moderation.errors import NameTaken
from moderation.people import Person, Role, Tenants, spelled
from storage.accounts.ports import Accounts
from storage.accounts.records import Account, Identity, Session, digest

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a sign-in comes from: an address, and what the browser says it is."""

    address: str
    browser: str = ""


class Door:
    """Lets people in. It says no in the same words, and after the same work, whoever it is."""

    def __init__(
        self,
        accounts: Accounts,
        *,
        passwords: Passwords,
        now: Callable[[], datetime],
        lifetimes: Lifetimes,
    ) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._now = now
        self._lifetimes = lifetimes

    async def by_password(self, name: str, password: str, origin: Origin) -> Person:
        """Whose name and password these are.

        Raises:
            Refused: nobody's (401), or it is to wait after failures (429).
        """
        try:
            called = spelled(name)
        except ValueError:
            called = ""
        by_name, by_address = slowing.name_key(called), slowing.address_key(origin.address)
        await self._check_pace(by_name, by_address)
        now = self._now()
        # Counted before it is known, so that many attempts at once count, too.
        await self._accounts.failures.failed([by_name], now=now, forget=slowing.FORGET)
        account = await self._accounts.people.find(name=called)
        known = account.password_hash if account else None
        if not await self._passwords.fits(password, known) or account is None or known is None:
            await self._fail(by_address, now)
        if account.person.disabled:
            await self._fail(by_address, now)
        await self._accounts.failures.forgive(by_name)
        if self._passwords.is_outdated(known):
            renewed = await self._passwords.hash(password)
            await self._accounts.standings.rehash(account.person.person_id, old=known, new=renewed)
        return account.person

    async def by_invitation(self, token: str, password: str) -> Person:
        """Use an invitation up, with the password that its holder chose.

        Raises:
            Refused: it does not hold (410), or the password is too weak (422); then it stays.
        """
        account = await self.invited(token)
        check_password(password, name=account.person.name)
        password_hash = await self._passwords.hash(password)
        accepted = await self._accounts.invitations.accept(
            digest(token), password_hash=password_hash, now=self._now()
        )
        if accepted is None:
            raise _used_up()
        return accepted.person

    async def invited(self, token: str) -> Account:
        """Whose invitation it is. Raises: Refused, when it does not hold (410)."""
        account = await self._accounts.invitations.invited(digest(token), now=self._now())
        if account is None:
            raise _used_up()
        return account

    async def by_identity(
        self, identity: Identity, *, name: str, role: Role, tenants: Tenants
    ) -> Person:
        """Who a provider says it is, with what its groups stand for now.

        Raises:
            Refused: the account is disabled (403), or another one has that name (409).
        """
        account = await self._accounts.people.find(identity=identity)
        if account is None:
            return await self._add(identity, name, role, tenants)
        if account.person.disabled:
            raise Refused(403, "disabled", "this account is disabled")
        return await self._accounts.standings.place(
            account.person.person_id, role=role, tenants=tenants, disabled=False
        )

    async def open(self, person: Person, origin: Origin) -> str:
        """Begin a session, and return the secret that its cookie holds."""
        secret, now = new_secret(), self._now()
        expires_at = now + self._lifetimes.session
        await self._accounts.sessions.open(
            Session(
                session_digest=digest(secret),
                person_id=person.person_id,
                created_at=now,
                seen_at=now,
                idle_until=min(now + self._lifetimes.idle, expires_at),
                expires_at=expires_at,
                address=origin.address,
                browser=origin.browser[:300],
            )
        )
        log.info("person.signed_in", person=person.person_id)
        return secret

    async def close(self, secret: str) -> None:
        await self._accounts.sessions.end(digest(secret))

    async def change_password(self, person: Person, old: str, new: str, origin: Origin) -> None:
        """Replace one's own password; all sessions end.

        Raises:
            Refused: the old one is wrong (401), the new one too weak (422), or it is to wait (429).
        """
        await self.by_password(person.name, old, origin)
        check_password(new, name=person.name)
        password_hash = await self._passwords.hash(new)
        await self._accounts.standings.set_password(person.person_id, password_hash)

    async def _add(self, identity: Identity, name: str, role: Role, tenants: Tenants) -> Person:
        account = new_account(name, role=role, tenants=tenants, now=self._now(), identity=identity)
        try:
            await self._accounts.people.add(account)
        except NameTaken as error:
            detail = "an account of that name signs in by other means: ask an administrator"
            raise Refused(409, "name_taken", detail) from error
        return account.person

    async def _check_pace(self, by_name: str, by_address: str) -> None:
        known, now = await self._accounts.failures.failures([by_name, by_address]), self._now()
        wait = max(
            slowing.BY_NAME.wait(known.get(by_name), now),
            slowing.BY_ADDRESS.wait(known.get(by_address), now),
        )
        if wait:
            raise too_often(wait.total_seconds())

    async def _fail(self, by_address: str, now: datetime) -> NoReturn:
        await self._accounts.failures.failed([by_address], now=now, forget=slowing.FORGET)
        log.warning("person.refused", address=by_address)
        raise Refused(401, "not_signed_in", "name or password is wrong")


def _used_up() -> Refused:
    return Refused(410, "used_up", "this link was used, or is too old: ask for a new one")
