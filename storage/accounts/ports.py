"""What the console needs of who may come in.

Every method raises LedgerUnavailable when the database cannot be reached or
refuses to write; the docstrings list what else is raised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from moderation.people import Person, Role, Tenants
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


class People(Protocol):
    """Everybody who may come in, or might once."""

    async def add(self, account: Account) -> None:
        """Raises: NameTaken."""
        ...

    async def find(
        self,
        *,
        person_id: str | None = None,
        name: str | None = None,
        identity: Identity | None = None,
    ) -> Account | None:
        """The one account that all given say; give one at least."""
        ...

    async def everyone(self) -> list[Account]:
        """All accounts, by name; those that are disabled too."""
        ...


class Standings(Protocol):
    """What becomes of an account. Who loses or gains anything has to sign in again."""

    async def place(
        self, person_id: str, *, role: Role, tenants: Tenants, disabled: bool
    ) -> Person:
        """Change what somebody is; where that changes anything, their sessions end with it.

        Raises:
            UnknownPerson: nobody has this id.
            LastAdmin: nobody would be left to let others in.
        """
        ...

    async def set_password(self, person_id: str, password_hash: str) -> None:
        """Replace the password; sessions and invitations end with it. Raises: UnknownPerson."""
        ...

    async def rehash(self, person_id: str, *, old: str, new: str) -> None:
        """Keep the same password in another hash, unless it was changed meanwhile."""
        ...


class Invitations(Protocol):
    """Links by which a password is chosen."""

    async def invite(self, invitation: Invitation) -> None:
        """Keep one; it takes the place of all earlier ones of the person."""
        ...

    async def invited(self, token_digest: str, *, now: datetime) -> Account | None:
        """Whose invitation it is, if it holds and they are not disabled."""
        ...

    async def accept(
        self, token_digest: str, *, password_hash: str, now: datetime
    ) -> Account | None:
        """Use it up and set the password, as `set_password`; None, and no change, if it is none."""
        ...


class Sessions(Protocol):
    """Browsers that are signed in."""

    async def open(self, session: Session) -> None: ...

    async def use(self, session_digest: str, *, now: datetime, idle: timedelta) -> SignedIn | None:
        """Look a session up and let it live on for `idle`; None unless it holds.

        How long it lives is written once a minute at most: reading a page should not write.
        """
        ...

    async def end(self, session_digest: str) -> None:
        """End one; one that has ended stays so."""
        ...


class OpenSessions(Protocol):
    """All sessions that hold: to look at, and to end."""

    async def every(self, *, now: datetime, person_id: str | None = None) -> list[Session]:
        """Last seen first; those of one person, or of all."""
        ...

    async def end_of(self, person_id: str, *, but: str | None = None) -> None:
        """End all sessions of a person but the one with that digest."""
        ...


class ApiTokens(Protocol):
    """Keys of programs."""

    async def add(self, token: ApiToken) -> None: ...

    async def use(self, token_digest: str, *, now: datetime) -> Presented | None:
        """Look a token up, and note once a minute at most that it was used; None unless it holds.

        One that is revoked or expired does not, nor one whose person is disabled.
        """
        ...

    async def revoke(self, token_id: str, *, now: datetime) -> None:
        """Revoke one; one that is revoked, or unknown, stays so."""
        ...


class TokenList(Protocol):
    """All tokens, to look at."""

    async def tokens(self) -> list[ApiToken]:
        """Newest first; those that do not hold any more too."""
        ...


class SignInFailures(Protocol):
    """How often signing in failed; a key stands for a name or an address."""

    async def failed(self, keys: Sequence[str], *, now: datetime, forget: timedelta) -> None:
        """Count one failure more of each key; what is older than `forget` is forgotten."""
        ...

    async def failures(self, keys: Sequence[str]) -> dict[str, Failures]:
        """What is known of those keys."""
        ...

    async def forgive(self, key: str) -> None:
        """Forget a key: somebody signed in."""
        ...


class MediaAccessLog(Protocol):
    """Every look at media. Entries are never changed; retention forgets them whole."""

    async def note(self, access: MediaAccess) -> None:
        """Raises: Inconsistent, when nobody has this id."""
        ...

    async def accesses(
        self,
        tenants: Tenants,
        *,
        upload_id: str | None = None,
        person_id: str | None = None,
        limit: int,
    ) -> list[MediaAccess]:
        """The newest first; of one upload, of one person, or of all."""
        ...


class Viewings(Protocol):
    """How each person wants media to be shown."""

    async def chosen(self, person_id: str) -> Viewing | None:
        """None for who has chosen nothing."""
        ...

    async def choose(self, person_id: str, viewing: Viewing | None) -> None:
        """Keep a choice, or forget it. Raises: Inconsistent, when nobody has this id."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """All of it, over one place."""

    people: People
    standings: Standings
    invitations: Invitations
    sessions: Sessions
    open_sessions: OpenSessions
    tokens: ApiTokens
    token_list: TokenList
    failures: SignInFailures
    log: MediaAccessLog
    viewings: Viewings
