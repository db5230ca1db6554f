"""How a shadow differs from what serves: the page of `veriscope models shadow`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from console.areas import Area, Link
from console.days import Day, days, within
from console.identity.callers import Caller
from console.identity.guards import require
from console.pages import page
from moderation.people import Permission
from moderation.shadow import ShadowOutcome, compare
from moderation.wording import two_digits
from storage.shadow.ports import ShadowFilter, ShadowReading

Lead = Annotated[Caller, Depends(require(Permission.AGREEMENT))]
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
        first, last = days(since, until, now=now(), usual=_USUAL)
        begin, end = within(first, last)
        which = ShadowFilter(since=begin, until=end, tenants=caller.tenants)
        return page(
            request,
            "shadow/comparisons.html",
            first=first,
            last=last,
            comparisons=compare(await scores.tallies(which)),
            flipped=await scores.flipped(which, limit=MOST_FLIPPED),
            scored=ShadowOutcome.SCORED,
        )

    return Area(routes=routes, links=[LINK], filters={"two_digits": two_digits})
