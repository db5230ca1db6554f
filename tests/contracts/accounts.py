"""Builders of accounts, and all their ports over one place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.people import Permission, Person, Role, Tenants
from storage.accounts.access_log import SqlMediaAccessLog
from storage.accounts.failures import SqlSignInFailures
from storage.accounts.in_memory import InMemoryAccounts, InMemoryApiTokens, InMemorySessions
from storage.accounts.people import SqlInvitations, SqlPeople, SqlStandings
from storage.accounts.ports import (
    ApiTokens,
    Invitations,
    MediaAccessLog,
    OpenSessions,
    People,
    Sessions,
    SignInFailures,
    Standings,
    TokenList,
)
from storage.accounts.records import Account, ApiToken, Invitation, Session
from storage.accounts.sessions import SqlSessions
from storage.accounts.tokens import SqlApiTokens
from tests.contracts.words import NOON

IDLE = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    people: People
    standings: Standings
    invitations: Invitations
    sessions: Sessions
    open_sessions: OpenSessions
    tokens: ApiTokens
    token_list: TokenList
    failures: SignInFailures
    log: MediaAccessLog


def in_memory() -> Accounts:
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
    )


def in_database(engine: AsyncEngine) -> Accounts:
    sessions, tokens = SqlSessions(engine), SqlApiTokens(engine)
    return Accounts(
        people=SqlPeople(engine),
        standings=SqlStandings(engine),
        invitations=SqlInvitations(engine),
        sessions=sessions,
        open_sessions=sessions,
        tokens=tokens,
        token_list=tokens,
        failures=SqlSignInFailures(engine),
        log=SqlMediaAccessLog(engine),
    )


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
