"""How long things are kept for each tenant, and whether what is due has gone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from console.areas import Area, Link
from console.identity.callers import Caller
from console.identity.guards import require
from console.pages import page
from moderation.people import Permission
from moderation.retention import Part, RetentionPlan
from storage.retention.ports import Standing
from storage.retention.standings import Standings

Keeper = Annotated[Caller, Depends(require(Permission.RETENTION))]
LINK = Link(
    path="/retention",
    words="Retention",
    purpose="See how long uploads' bytes, crops, evidence and verdicts are kept.",
    permission=Permission.RETENTION,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A part of a tenant's uploads. `days` is None where it is kept until it is erased."""

    tenant: str
    part: Part
    days: float | None
    standing: Standing | None


def retention_area(plan: RetentionPlan, look: Callable[[], Awaitable[Standings]]) -> Area:
    """Make the page; `look` tells how all tenants stand, and nobody is shown another's."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/retention")
    async def show(request: Request, caller: Keeper) -> Response:
        found = await look()
        lines = [
            _line(plan, tenant, part, found[tenant].get(part))
            for tenant in sorted(found)
            if tenant in caller.tenants
            for part in Part
        ]
        return page(request, "erasure/retention.html", lines=lines)

    return Area(routes=routes, links=[LINK])


def _line(plan: RetentionPlan, tenant: str, part: Part, standing: Standing | None) -> Line:
    time = plan.of(tenant).of(part)
    days = None if time is None else time.total_seconds() / 86400
    return Line(tenant=tenant, part=part, days=days, standing=standing)
