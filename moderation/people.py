"""Who may do what: roles, permissions, and the tenants whose uploads somebody sees."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

EVERY = "*"
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_LONGEST_NAME = 128


class Role(StrEnum):
    """What somebody is, weakest first: each may all that the one before it may."""

    VIEWER = "viewer"
    MODERATOR = "moderator"
    LEAD = "lead"
    ADMIN = "admin"


class Permission(StrEnum):
    """What may be allowed; the words are also the scopes of API tokens."""

    CONSOLE = "console"
    UPLOADS_READ = "uploads:read"
    EXPORT = "export"
    QUEUE = "queue"
    DECIDE = "decide"
    COMMENT = "comment"
    REVEAL = "reveal"
    AUDIT = "audit"
    AGREEMENT = "agreement"
    UNDO_OTHERS = "undo:others"
    KNOWN_ITEMS = "known-items"
    CLUSTERS = "clusters"
    UPLOADS_SUBMIT = "uploads:submit"
    APPEALS_SUBMIT = "appeals:submit"
    ACCOUNTS = "accounts"
    TOKENS = "tokens"
    ERASURE = "erasure"
    RETENTION = "retention"


# The one table: what each role may that the ones before it may not. Submitting is for machines,
# whose tokens admins make: a token never may more than the person who made it.
_ADDED: Mapping[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({Permission.CONSOLE, Permission.UPLOADS_READ, Permission.EXPORT}),
    Role.MODERATOR: frozenset(
        {Permission.QUEUE, Permission.DECIDE, Permission.COMMENT, Permission.REVEAL}
    ),
    Role.LEAD: frozenset(
        {
            Permission.AUDIT,
            Permission.AGREEMENT,
            Permission.UNDO_OTHERS,
            Permission.KNOWN_ITEMS,
            Permission.CLUSTERS,
        }
    ),
    Role.ADMIN: frozenset(
        {
            Permission.UPLOADS_SUBMIT,
            Permission.APPEALS_SUBMIT,
            Permission.ACCOUNTS,
            Permission.TOKENS,
            Permission.ERASURE,
            Permission.RETENTION,
        }
    ),
}

# A browser's session is what these need: a token that holds them could make itself another.
NOT_FOR_TOKENS = frozenset({Permission.CONSOLE, Permission.ACCOUNTS, Permission.TOKENS})


def permissions(role: Role) -> frozenset[Permission]:
    """All that a role may."""
    upto = list(Role).index(role) + 1
    return frozenset().union(*(_ADDED[each] for each in list(Role)[:upto]))


def weakest(permission: Permission) -> Role:
    """The role that may least of those that may this."""
    return next(role for role in Role if permission in _ADDED[role])


def strongest(roles: Iterable[Role]) -> Role | None:
    """The role that may most, of several; None of none."""
    return max(roles, key=list(Role).index, default=None)


@dataclass(frozen=True, slots=True)
class Tenants:
    """Whose uploads somebody sees: those of the tenants named, or of all (`*`).

    Handed to storage with every read and write, so that no query forgets it.

    Raises:
        ValueError: none is named, or a name is none that an upload could have.
    """

    names: frozenset[str]

    def __post_init__(self) -> None:
        if not self.names:
            raise ValueError("name one tenant at least, or * for all")
        for name in self.names - {EVERY}:
            if not _TENANT.fullmatch(name):
                raise ValueError(f"a tenant must match {_TENANT.pattern}")

    def __contains__(self, tenant: str) -> bool:
        return self.every or tenant in self.names

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.names))

    @property
    def every(self) -> bool:
        return EVERY in self.names

    def cover(self, others: Tenants) -> bool:
        """Whether all that `others` see is seen here, too."""
        return self.every or (not others.every and others.names <= self.names)

    def shared_with(self, others: Tenants) -> Tenants | None:
        """What both see; None where that is nothing."""
        if self.every:
            return others
        if others.every:
            return self
        both = self.names & others.names
        return Tenants(both) if both else None

    @classmethod
    def named(cls, *names: str) -> Tenants:
        return cls(frozenset(names))


ALL_TENANTS = Tenants.named(EVERY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who may come in. `pseudonym` stands for them in what leaves the console.

    Raises:
        ValueError: the name is empty, too long, or not in the form `spelled` gives it.
    """

    person_id: str
    name: str
    role: Role
    tenants: Tenants
    pseudonym: str
    disabled: bool = False

    def __post_init__(self) -> None:
        if spelled(self.name) != self.name:
            raise ValueError("a name must be spelled as it is compared")

    def may(self, permission: Permission) -> bool:
        return not self.disabled and permission in permissions(self.role)


def spelled(name: str) -> str:
    """The one spelling of a sign-in name: names that look alike at sign-in are one.

    Raises:
        ValueError: it is empty, too long, or holds what is not printable.
    """
    short = unicodedata.normalize("NFKC", name).strip().casefold()
    if not 0 < len(short) <= _LONGEST_NAME:
        raise ValueError(f"a name must have 1 to {_LONGEST_NAME} characters")
    if not short.isprintable():
        raise ValueError("a name must be printable")
    return short
