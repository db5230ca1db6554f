"""All ports of accounts over memory; the contract tests hold it to the databases' promises.

No method awaits between reading and writing, so each is one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from moderation.errors import Inconsistent, LastAdmin, NameTaken, UnknownPerson
from moderation.people import Person, Role, Tenants
from storage.accounts.ports import Accounts
from storage.accounts.records import (
    Account,
    ApiToken,
    Failures,
    Identity,
    Invitation,
    MediaAccess,
    Presented,
    Session,
    SignedIn,
    Viewing,
)
from storage.accounts.sessions import SEEN_EVERY


def accounts_in_memory() -> Accounts:
    kept = InMemoryAccounts()
    tokens = InMemoryApiTokens(kept)
    return Accounts(
        people=kept,
        standings=kept,
        invitations=kept,
        sessions=InMemorySessions(kept),
        open_sessions=kept,
        tokens=tokens,
        token_list=tokens,
        failures=kept,
        log=kept,
        viewings=kept,
    )


class InMemoryAccounts:
    """Implements every port of `storage.accounts.ports` but `Sessions` and `ApiTokens`."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.invitations: dict[str, Invitation] = {}
        self.open_sessions: dict[str, Session] = {}
        self.sign_ins: dict[str, Failures] = {}
        self.looks: list[MediaAccess] = []
        self.viewings: dict[str, Viewing] = {}

    async def add(self, account: Account) -> None:
        for other in self.accounts.values():
            same = account.identity is not None and other.identity == account.identity
            if same or other.person.name == account.person.name:
                raise NameTaken
        self.accounts[account.person.person_id] = account

    async def find(
        self,
        *,
        person_id: str | None = None,
        name: str | None = None,
        identity: Identity | None = None,
    ) -> Account | None:
        for account in self.accounts.values():
            if (
                person_id in (None, account.person.person_id)
                and name in (None, account.person.name)
                and identity in (None, account.identity)
            ):
                return account
        return None

    async def everyone(self) -> list[Account]:
        return sorted(self.accounts.values(), key=lambda account: account.person.name)

    async def place(
        self, person_id: str, *, role: Role, tenants: Tenants, disabled: bool
    ) -> Person:
        account = self._known(person_id)
        person = replace(account.person, role=role, tenants=tenants, disabled=disabled)
        if person == account.person:
            return person
        was_admin = account.person.role is Role.ADMIN and not account.person.disabled
        others = (each for each in self.accounts.values() if each is not account)
        after = [person, *(each.person for each in others)]
        if was_admin and not any(p.role is Role.ADMIN and not p.disabled for p in after):
            raise LastAdmin
        self.accounts[person_id] = replace(account, person=person)
        await self.end_of(person_id)
        return person

    async def set_password(self, person_id: str, password_hash: str) -> None:
        self._replace_password(person_id, password_hash)

    async def rehash(self, person_id: str, *, old: str, new: str) -> None:
        account = self.accounts.get(person_id)
        if account is not None and account.password_hash == old:
            self.accounts[person_id] = replace(account, password_hash=new)

    async def invite(self, invitation: Invitation) -> None:
        self._forget_invitations(invitation.person_id)
        self.invitations[invitation.token_digest] = invitation

    async def invited(self, token_digest: str, *, now: datetime) -> Account | None:
        invitation = self.invitations.get(token_digest)
        if invitation is None or invitation.expires_at <= now:
            return None
        account = self._known(invitation.person_id)
        return None if account.person.disabled else account

    async def accept(
        self, token_digest: str, *, password_hash: str, now: datetime
    ) -> Account | None:
        account = await self.invited(token_digest, now=now)
        if account is None:
            return None
        return self._replace_password(account.person.person_id, password_hash)

    async def every(self, *, now: datetime, person_id: str | None = None) -> list[Session]:
        holding = [
            session
            for session in self.open_sessions.values()
            if session.idle_until > now and person_id in (None, session.person_id)
        ]
        return sorted(holding, key=lambda one: (-one.seen_at.timestamp(), one.session_digest))

    async def end_of(self, person_id: str, *, but: str | None = None) -> None:
        self._end_sessions(person_id, but)

    async def failed(self, keys: Sequence[str], *, now: datetime, forget: timedelta) -> None:
        for key, known in list(self.sign_ins.items()):
            if known.last_at <= now - forget:
                del self.sign_ins[key]
        for key in keys:
            before = self.sign_ins.get(key)
            count = before.count if before else 0
            self.sign_ins[key] = Failures(count=count + 1, last_at=now)

    async def failures(self, keys: Sequence[str]) -> dict[str, Failures]:
        return {key: self.sign_ins[key] for key in keys if key in self.sign_ins}

    async def forgive(self, key: str) -> None:
        self.sign_ins.pop(key, None)

    async def note(self, access: MediaAccess) -> None:
        if access.person_id not in self.accounts:
            raise Inconsistent("nobody has this id")
        self.looks.append(access)

    async def accesses(
        self,
        tenants: Tenants,
        *,
        upload_id: str | None = None,
        person_id: str | None = None,
        limit: int,
    ) -> list[MediaAccess]:
        seen = [
            access
            for access in reversed(self.looks)
            if access.tenant in tenants
            and upload_id in (None, access.upload_id)
            and person_id in (None, access.person_id)
        ]
        return seen[:limit]

    async def chosen(self, person_id: str) -> Viewing | None:
        return self.viewings.get(person_id)

    async def choose(self, person_id: str, viewing: Viewing | None) -> None:
        if viewing is None:
            self.viewings.pop(person_id, None)
            return
        if person_id not in self.accounts:
            raise Inconsistent("nobody has this id")
        self.viewings[person_id] = viewing

    def person(self, person_id: str) -> Person:
        return self._known(person_id).person

    def _known(self, person_id: str) -> Account:
        if person_id not in self.accounts:
            raise UnknownPerson
        return self.accounts[person_id]

    def _replace_password(self, person_id: str, password_hash: str) -> Account:
        account = replace(self._known(person_id), password_hash=password_hash)
        self.accounts[person_id] = account
        self._forget_invitations(person_id)
        self._end_sessions(person_id, None)
        return account

    def _forget_invitations(self, person_id: str) -> None:
        for token_digest, invitation in list(self.invitations.items()):
            if invitation.person_id == person_id:
                del self.invitations[token_digest]

    def _end_sessions(self, person_id: str, but: str | None) -> None:
        for session_digest, session in list(self.open_sessions.items()):
            if session.person_id == person_id and session_digest != but:
                del self.open_sessions[session_digest]


class InMemorySessions:
    """Implements `storage.accounts.ports.Sessions`."""

    def __init__(self, accounts: InMemoryAccounts) -> None:
        self._accounts = accounts

    async def open(self, session: Session) -> None:
        self._accounts.person(session.person_id)
        self._accounts.open_sessions[session.session_digest] = session

    async def use(self, session_digest: str, *, now: datetime, idle: timedelta) -> SignedIn | None:
        session = self._accounts.open_sessions.get(session_digest)
        if session is None or session.idle_until <= now:
            return None
        person = self._accounts.person(session.person_id)
        if person.disabled:
            return None
        if now - session.seen_at >= SEEN_EVERY:
            until = min(now + idle, session.expires_at)
            lived = replace(session, seen_at=now, idle_until=until)
            self._accounts.open_sessions[session_digest] = lived
        return SignedIn(session=session, person=person)

    async def end(self, session_digest: str) -> None:
        self._accounts.open_sessions.pop(session_digest, None)


class InMemoryApiTokens:
    """Implements `storage.accounts.ports.ApiTokens` and `TokenList`."""

    def __init__(self, accounts: InMemoryAccounts) -> None:
        self._accounts = accounts
        self._kept: dict[str, ApiToken] = {}

    async def add(self, token: ApiToken) -> None:
        self._kept[token.token_id] = token

    async def use(self, token_digest: str, *, now: datetime) -> Presented | None:
        for token in self._kept.values():
            if token.token_digest == token_digest:
                return self._presented(token, now)
        return None

    async def revoke(self, token_id: str, *, now: datetime) -> None:
        token = self._kept.get(token_id)
        if token is not None and token.revoked_at is None:
            self._kept[token_id] = replace(token, revoked_at=now)

    async def tokens(self) -> list[ApiToken]:
        key = self._kept.values()
        return sorted(key, key=lambda one: (-one.created_at.timestamp(), one.token_id))

    def _presented(self, token: ApiToken, now: datetime) -> Presented | None:
        person = self._accounts.person(token.person_id)
        if token.revoked_at is not None or token.expires_at <= now or person.disabled:
            return None
        if token.used_at is None or now - token.used_at >= SEEN_EVERY:
            self._kept[token.token_id] = replace(token, used_at=now)
        return Presented(token=token, person=person)
