"""Uploads whose right answer leads know: mark them, look through them, forget them."""

from __future__ import annotations

import re
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Request, Response

from console.areas import Link
from console.faults import Refused
from console.forms import read_form
from console.identity.callers import Caller
from console.identity.guards import require
from console.ids import IDENTIFIER, Id
from console.leading.desk import LeadDesk
from console.pages import go_on, go_to, page
from moderation.decisions import DecisionKind
from moderation.people import Permission

log = structlog.get_logger()

Lead = Annotated[Caller, Depends(require(Permission.KNOWN_ITEMS))]
LINK = Link(
    path="/known-items",
    words="Known items",
    purpose="Mark uploads whose right answer you know; they are mixed among flagged ones.",
    permission=Permission.KNOWN_ITEMS,
)
# What somebody knows of the media, and what is then the right answer to "it may be forged".
_RIGHT = {"forged": DecisionKind.UPHOLD, "genuine": DecisionKind.OVERTURN}


def add_known_items(routes: APIRouter, desk: LeadDesk) -> None:
    @routes.get("/known-items")
    async def known_items(request: Request, caller: Lead) -> Response:
        items = await desk.known.items(caller.tenant_names)
        return page(
            request,
            "leading/known_items.html",
            items=items,
            names=await desk.names([item.marked_by for item in items]),
        )

    @routes.post("/known-items")
    async def mark(request: Request, caller: Lead) -> Response:
        sent = await read_form(request)
        upload_id, right = sent.one("upload"), _RIGHT.get(sent.one("truth"))
        if right is None or not re.fullmatch(IDENTIFIER, upload_id):
            raise Refused(422, "bad_request", "name an upload, and whether it is forged or genuine")
        by = caller.somebody.person_id
        await desk.known.mark(upload_id, right, by=by, at=desk.now(), tenants=caller.tenant_names)
        log.info("known_item.marked", upload_id=upload_id, by=by)
        return go_on(request, "/known-items")

    @routes.post("/known-items/{upload_id}/forget")
    async def forget(upload_id: Id, caller: Lead) -> Response:
        await desk.known.forget(upload_id, caller.tenant_names)
        log.info("known_item.forgotten", upload_id=upload_id, by=caller.somebody.person_id)
        return go_to("/known-items")
