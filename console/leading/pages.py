"""The leads' area: its pages, and opening a decision again."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Request, Response

from console.areas import Area
from console.identity.callers import Caller
from console.identity.guards import require
from console.ids import Id
from console.leading import accesses, figures, known
from console.leading.desk import LeadDesk
from console.pages import go_on
from moderation.people import Permission

log = structlog.get_logger()

Lead = Annotated[Caller, Depends(require(Permission.UNDO_OTHERS))]


def leads_area(desk: LeadDesk) -> Area:
    routes = APIRouter(include_in_schema=False)
    figures.add_figures(routes, desk)
    known.add_known_items(routes, desk)
    accesses.add_accesses(routes, desk)

    @routes.post("/uploads/{upload_id}/reopen")
    async def reopen(request: Request, upload_id: Id, caller: Lead) -> Response:
        """Have somebody else look again at what was decided, once it cannot be undone any more."""
        job = await desk.appeals.reopen(upload_id, caller.tenant_names)
        log.info("review.reopened", job_id=job.job_id, by=caller.somebody.person_id)
        return go_on(request, f"/uploads/{upload_id}")

    return Area(routes=routes, links=[figures.LINK, known.LINK, accesses.LINK])
