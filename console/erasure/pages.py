"""Erasures in the console: ask, look at what would go, confirm by typing it again; the proofs."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Query, Request, Response

from console.areas import Area, Link
from console.erasure.asked import asked
from console.faults import Refused
from console.forms import Form, read_form
from console.identity.callers import Caller
from console.identity.guards import require
from console.pages import go_to, page
from moderation.erasure import ErasureReason, ErasureRequest, ErasureScope
from moderation.people import Permission
from storage.erasure.ports import Erasures

log = structlog.get_logger()

Eraser = Annotated[Caller, Depends(require(Permission.ERASURE))]
Of = Annotated[str, Query(pattern=r"^\s*[!-~]{0,128}\s*$")]
Whose = Annotated[str, Query(max_length=128)]
LINK = Link(
    path="/erasures",
    words="Erasures",
    purpose="Erase an upload, or all that somebody sent, and see the proofs.",
    permission=Permission.ERASURE,
)
_SHOWN = 200


def erasure_area(erasures: Erasures) -> Area:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/erasures")
    async def show(request: Request, caller: Eraser, of: Of = "", tenant: Whose = "") -> Response:
        target = of.strip()
        found = await erasures.erasures(caller.tenants, target=target or None, limit=_SHOWN)
        return page(
            request,
            "erasure/list.html",
            erasures=found,
            target=target,
            tenant=tenant or caller.only_tenant or "",
            scopes=list(ErasureScope),
            reasons=list(ErasureReason),
        )

    @routes.post("/erasures/preview")
    async def preview(request: Request, caller: Eraser) -> Response:
        """Show what would go, and ask for the name once more: nothing brings it back."""
        wanted = _wanted(await read_form(request), caller)
        counts = await erasures.preview(wanted)
        return page(request, "erasure/confirm.html", wanted=wanted, counts=counts)

    @routes.post("/erasures")
    async def ask(request: Request, caller: Eraser) -> Response:
        sent = await read_form(request)
        wanted = _wanted(sent, caller)
        if sent.one("confirmed") != wanted.target:
            raise Refused(422, "not_confirmed", "type the same name again: nothing was erased")
        erasure = await erasures.ask(wanted)
        log.info("erasure.asked", erasure_id=erasure.erasure_id, by=wanted.asked_by)
        return go_to("/erasures")

    return Area(routes=routes, links=[LINK])


def _wanted(sent: Form, caller: Caller) -> ErasureRequest:
    return asked(
        caller,
        tenant=sent.one("tenant"),
        scope=sent.one("scope"),
        target=sent.one("target"),
        reason=sent.one("reason"),
        reference=sent.one("reference"),
    )
