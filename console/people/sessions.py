"""Everybody's sessions: where people are signed in, and ending it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Request, Response

from console.areas import Area, Link
from console.faults import Refused
from console.identity.callers import Caller
from console.identity.guards import require
from console.pages import go_to, page
from moderation.people import Permission
from storage.accounts.ports import Accounts
from storage.accounts.records import Session, digest

log = structlog.get_logger()

Admin = Annotated[Caller, Depends(require(Permission.ACCOUNTS))]
LINK = Link(
    path="/sessions",
    words="Sessions",
    purpose="See where people are signed in, and end it.",
    permission=Permission.ACCOUNTS,
)


def sessions_area(accounts: Accounts, *, now: Callable[[], datetime]) -> Area:
    routes = APIRouter(include_in_schema=False)

    async def seen_by(caller: Caller) -> tuple[list[Session], dict[str, str]]:
        """Sessions of people whose tenants the caller sees, and the people's names."""
        people = [account.person for account in await accounts.people.everyone()]
        names = {one.person_id: one.name for one in people if caller.tenants.cover(one.tenants)}
        every = await accounts.open_sessions.every(now=now())
        return [session for session in every if session.person_id in names], names

    @routes.get("/sessions")
    async def sessions(request: Request, caller: Admin) -> Response:
        found, names = await seen_by(caller)
        return page(
            request,
            "people/sessions.html",
            sessions=found,
            names=names,
            own=digest(caller.secret or ""),
            ending="/sessions",
        )

    @routes.post("/sessions/{session_digest}/end")
    async def end(session_digest: str, caller: Admin) -> Response:
        found, _names = await seen_by(caller)
        if session_digest not in {session.session_digest for session in found}:
            raise Refused(404, "unknown_session", "there is no such session")
        await accounts.sessions.end(session_digest)
        log.info("session.ended", by=caller.somebody.person_id)
        return go_to("/sessions")

    return Area(routes=routes, links=[LINK])
