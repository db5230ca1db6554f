"""All ports of accounts over one database."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from storage.accounts.access_log import SqlMediaAccessLog
from storage.accounts.failures import SqlSignInFailures
from storage.accounts.people import SqlInvitations, SqlPeople, SqlStandings
from storage.accounts.ports import Accounts
from storage.accounts.sessions import SqlSessions
from storage.accounts.tokens import SqlApiTokens
from storage.accounts.viewings import SqlViewings


def accounts_in(engine: AsyncEngine) -> Accounts:
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
        viewings=SqlViewings(engine),
    )
