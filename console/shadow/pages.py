"""How a shadow differs from what serves: the page of `veriscope models shadow`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from console.areas import Area, Link
from console.identity.callers import Caller
from console.identity.guards import require
from console.pages import page
from moderation.people import Permission
from moderation.shadow import ShadowOutcome, compare
from storage.shadow.ports import ShadowFilter, ShadowReading

Lead = Annotated[Caller, Depends(require(Permission.AGREEMENT))]
Day = Annotated[date | None, Query(ge=date(2000, 1, 1), le=date(9998, 12, 31))]
LINK = Link(
    path="/shadow",
    words="Shadow",
    purpose="See what a second bundle would have said of live uploads, and what it costs.",
    permission=Permission.AGREEMENT,
)
MOST_FLIPPED = 50
_USUAL = timedelta(days=30)


def shadow_area(scores: ShadowReading, *, now: Callable[[], datetime]) -> Area:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/shadow")
    async def shadow(
        request: Request, caller: Lead, since: Day = None, until: Day = None
    ) -> Response:
        last = until or now().astimezone(UTC).date()
        first = since or last - _USUAL
        which = ShadowFilter(
            since=_midnight(first),
            until=_midnight(last) + timedelta(days=1),
            tenants=caller.tenants,
        )
        return page(
            request,
            "shadow/comparisons.html",
            first=first,
            last=last,
            comparisons=compare(await scores.tallies(which)),
            flipped=await scores.flipped(which, limit=MOST_FLIPPED),
            scored=ShadowOutcome.SCORED,
        )

    return Area(routes=routes, links=[LINK])


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
