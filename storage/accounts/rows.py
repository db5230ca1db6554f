"""How accounts become rows, and rows accounts again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Row

from moderation.people import Permission, Person, Role, Tenants
from storage.accounts.records import Account, ApiToken, Identity, MediaAccess, MediaPart, Session
from storage.accounts.tables import people

_SESSION = ("session_digest", "created_at", "seen_at", "idle_until", "expires_at")
_TOKEN = ("token_id", "token_digest", "created_at", "expires_at", "used_at", "revoked_at")
_KNOWN_SCOPES = frozenset(Permission)

# What `read_person` reads beside columns of another table, which has `person_id` already.
PERSON_BESIDE: tuple[Column[Any], ...] = (
    people.c.name,
    people.c.role,
    people.c.tenants,
    people.c.pseudonym,
    people.c.disabled,
)


def account_row(account: Account) -> dict[str, Any]:
    person, identity = account.person, account.identity
    return {
        "person_id": person.person_id,
        "name": person.name,
        "role": person.role.value,
        "tenants": list(person.tenants),
        "pseudonym": person.pseudonym,
        "disabled": person.disabled,
        "password_hash": account.password_hash,
        "issuer": identity.issuer if identity else None,
        "subject": identity.subject if identity else None,
        "created_at": account.created_at,
    }


def read_person(row: Row[Any]) -> Person:
    """From columns of `people`; beside those of another table, from `PERSON_BESIDE`."""
    return Person(
        person_id=row.person_id,
        name=row.name,
        role=Role(row.role),
        tenants=Tenants(frozenset(row.tenants)),
        pseudonym=row.pseudonym,
        disabled=row.disabled,
    )


def read_account(row: Row[Any]) -> Account:
    identity = None
    if row.issuer is not None:
        identity = Identity(issuer=row.issuer, subject=row.subject)
    return Account(
        person=read_person(row),
        created_at=row.created_at,
        password_hash=row.password_hash,
        identity=identity,
    )


def session_row(session: Session) -> dict[str, Any]:
    return {
        **{name: getattr(session, name) for name in _SESSION},
        "person_id": session.person_id,
        "address": session.address[:64],
        "browser": session.browser,
    }


def read_session(row: Row[Any]) -> Session:
    return Session(
        **{name: getattr(row, name) for name in _SESSION},
        person_id=row.person_id,
        address=row.address,
        browser=row.browser,
    )


def token_row(token: ApiToken) -> dict[str, Any]:
    return {
        **{name: getattr(token, name) for name in _TOKEN},
        "name": token.name,
        "person_id": token.person_id,
        "scopes": sorted(token.scopes),
        "tenants": list(token.tenants),
    }


def read_token(row: Row[Any], *, name: str, tenants: list[str]) -> ApiToken:
    """A scope that this version does not know any more allows nothing."""
    return ApiToken(
        **{each: getattr(row, each) for each in _TOKEN},
        name=name,
        person_id=row.person_id,
        scopes=frozenset(Permission(scope) for scope in row.scopes if scope in _KNOWN_SCOPES),
        tenants=Tenants(frozenset(tenants)),
    )


def read_access(row: Row[Any]) -> MediaAccess:
    return MediaAccess(
        person_id=row.person_id,
        tenant=row.tenant,
        upload_id=row.upload_id,
        part=MediaPart(row.part),
        reason=row.reason,
        at=row.at,
        detail=row.detail,
        token_id=row.token_id,
    )
