"""Builders of accounts; a test names only what it cares about."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from moderation.people import Permission, Person, Role, Tenants
from storage.accounts.records import Account, ApiToken, Invitation, Session
from tests.contracts.words import NOON

IDLE = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def an_account(name: str = "ann", role: Role = Role.VIEWER, **changes: object) -> Account:
    person = Person(
        person_id=f"id-{name}",
        name=name,
        role=role,
        tenants=Tenants.named("acme"),
        pseudonym=f"m-{name}",
    )
    account = Account(person=person, created_at=NOON, password_hash="$old$")
    return replace(account, **changes)


def a_session(name: str = "ann", number: int = 1, **changes: object) -> Session:
    session = Session(
        session_digest=f"{number:064x}",
        person_id=f"id-{name}",
        created_at=NOON,
        seen_at=NOON,
        idle_until=NOON + IDLE,
        expires_at=NOON + 3 * IDLE,
        address="127.0.0.1",
        browser="Netscape",
    )
    return replace(session, **changes)


def an_invitation(name: str = "ann", number: int = 1) -> Invitation:
    return Invitation(
        token_digest=f"{number:064x}", person_id=f"id-{name}", expires_at=NOON + MINUTE
    )


def a_token(name: str = "ann", number: int = 1, **changes: object) -> ApiToken:
    token = ApiToken(
        token_id=f"t{number}",
        token_digest=f"{number:064x}",
        name="pipeline",
        person_id=f"id-{name}",
        scopes=frozenset({Permission.UPLOADS_SUBMIT}),
        tenants=Tenants.named("acme", "other"),
        created_at=NOON,
        expires_at=NOON + IDLE,
    )
    return replace(token, **changes)
