"""The figures of a time: how far people agree, how well they judge, what waits, and a year."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from console.areas import Link
from console.days import FIRST_YEAR, LAST_YEAR, Day, days, within
from console.identity.callers import Caller
from console.identity.guards import require
from console.leading.desk import LeadDesk
from console.pages import page
from moderation.agreement import FEW_PAIRS
from moderation.people import Permission

Lead = Annotated[Caller, Depends(require(Permission.AGREEMENT))]
Year = Annotated[int | None, Query(ge=FIRST_YEAR, le=LAST_YEAR)]
LINK = Link(
    path="/figures",
    words="Figures",
    purpose="See how far moderators agree, how well they judge known items, and what waits.",
    permission=Permission.AGREEMENT,
    key="F",
)
MOST_SKIPS = 50
_USUAL = timedelta(days=90)


def add_figures(routes: APIRouter, desk: LeadDesk) -> None:
    @routes.get("/figures")
    async def figures(
        request: Request, caller: Lead, since: Day = None, until: Day = None, year: Year = None
    ) -> Response:
        now = desk.now().astimezone(UTC)
        first, last = days(since, until, now=now, usual=_USUAL)
        begin, end = within(first, last)
        tenants = caller.tenant_names
        accuracies = await desk.accuracies(caller, begin, end)
        skips = await desk.skips.skips(begin, end, tenants, limit=MOST_SKIPS)
        return page(
            request,
            "leading/figures.html",
            first=first,
            last=last,
            agreement=await desk.statistics.agreement(begin, end, tenants),
            few=FEW_PAIRS,
            accuracies=accuracies,
            skips=skips,
            names=await desk.names(
                [one.moderator for one in accuracies] + [one.moderator for one in skips]
            ),
            waiting=await desk.statistics.waiting(tenants),
            year=await desk.statistics.figures(year or now.year, tenants),
        )
