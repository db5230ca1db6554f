"""What is kept of people and of how they come in; of a secret only its SHA-256 is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from moderation.people import Permission, Person, Tenants


def digest(secret: str) -> str:
    """What is kept of a random secret: 64 hexadecimal digits that do not let it be guessed.

    One round is enough, for such a secret has 256 random bits; passwords have not.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who somebody is at an OpenID Connect provider."""

    issuer: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person, and how they prove who they are: by password, by a provider, or not yet."""

    person: Person
    created_at: datetime
    password_hash: str | None = None
    identity: Identity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """Lets its holder choose a password, once. `token_digest` is of what stands in the link."""

    token_digest: str
    person_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser that is signed in, until it is idle for too long or the whole has lasted enough."""

    session_digest: str
    person_id: str
    created_at: datetime
    seen_at: datetime
    idle_until: datetime
    expires_at: datetime
    address: str
    browser: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A session that holds, and whose it is as they are now."""

    session: Session
    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A key of a program. It never may more than the person it was made by."""

    token_id: str
    token_digest: str
    name: str
    person_id: str
    scopes: frozenset[Permission]
    tenants: Tenants
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """A token that holds, and the person who made it as they are now."""

    token: ApiToken
    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """Sign-ins that failed in a row, for one name or one address."""

    count: int
    last_at: datetime


class MediaPart(StrEnum):
    """What of an upload was looked at."""

    ORIGINAL = "original"
    CROP = "crop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewing:
    """How media are shown before somebody reveals them; looking at forgeries all day is hard."""

    blurred: bool = True
    grey: bool = True
    muted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaAccess:
    """Who looked at what, when and why. `reason` is a word of the page or the API that showed it.

    `detail` says which frame or crop it was; `token_id` whose program looked.
    """

    person_id: str
    tenant: str
    upload_id: str
    part: MediaPart
    reason: str
    at: datetime
    detail: str = ""
    token_id: str | None = None
