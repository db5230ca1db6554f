"""The start page, and what everybody may see and change of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from console.faults import Refused
from console.forms import read_form
from console.identity.callers import Caller
from console.identity.door import Door
from console.identity.gate import SESSION
from console.identity.guards import gate_of, require
from console.identity.pages import origin_of
from console.identity.passwords import SHORTEST
from console.pages import go_to, page, pages_of
from moderation.people import Permission
from storage.accounts.ports import Accounts
from storage.accounts.records import digest

Anyone = Annotated[Caller, Depends(require(Permission.CONSOLE))]


def own_pages(accounts: Accounts, door: Door, *, now: Callable[[], datetime]) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    async def you(request: Request, caller: Caller, refusal: Refused | None = None) -> Response:
        person_id = caller.somebody.person_id
        account = await accounts.people.find(person_id=person_id)
        return page(
            request,
            "identity/you.html",
            status=refusal.status if refusal else 200,
            headers=refusal.headers if refusal else None,
            sessions=await accounts.open_sessions.every(now=now(), person_id=person_id),
            own=digest(caller.secret or ""),
            names=None,
            ending="/you/sessions",
            has_password=account is not None and account.password_hash is not None,
            shortest=SHORTEST,
            detail=refusal.detail if refusal else "",
        )

    @routes.get("/")
    async def start(request: Request, caller: Anyone) -> Response:
        links = pages_of(request).links_for(caller)
        waits = {link.path: await link.waits(caller) for link in links if link.waits}
        return page(request, "start.html", waits=waits)

    @routes.get("/you")
    async def show(request: Request, caller: Anyone) -> Response:
        return await you(request, caller)

    @routes.post("/you/password")
    async def change_password(request: Request, caller: Anyone) -> Response:
        sent = await read_form(request)
        old, new = sent.as_typed("old"), sent.as_typed("new")
        try:
            await door.change_password(caller.somebody, old, new, origin_of(request))
        except Refused as refusal:
            return await you(request, caller, refusal)
        response = go_to("/sign-in")
        gate_of(request).site.drop_cookie(response, SESSION)
        return response

    @routes.post("/you/sessions/end-others")
    async def end_others(caller: Anyone) -> Response:
        but = digest(caller.secret or "")
        await accounts.open_sessions.end_of(caller.somebody.person_id, but=but)
        return go_to("/you")

    @routes.post("/you/sessions/{session_digest}/end")
    async def end(session_digest: str, caller: Anyone) -> Response:
        """End one session; somebody else's is none of one's own."""
        own = await accounts.open_sessions.every(now=now(), person_id=caller.somebody.person_id)
        if session_digest not in {session.session_digest for session in own}:
            raise Refused(404, "unknown_session", "you have no such session")
        await accounts.sessions.end(session_digest)
        return go_to("/you")

    return routes
