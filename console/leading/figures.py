"""The figures of a time: how far people agree, how well they judge, what waits, and a year."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from console.areas import Link
from console.identity.callers import Caller
from console.identity.guards import require
from console.leading.desk import LeadDesk
from console.pages import page
from moderation.agreement import FEW_PAIRS
from moderation.people import Permission

Lead = Annotated[Caller, Depends(require(Permission.AGREEMENT))]
Day = Annotated[date | None, Query(ge=date(2000, 1, 1), le=date(9998, 12, 31))]
Year = Annotated[int | None, Query(ge=2000, le=9998)]
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
        today = desk.now().astimezone(UTC).date()
        last = until or today
        first = since or last - _USUAL
        begin, end = _midnight(first), _midnight(last) + timedelta(days=1)
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
            year=await desk.statistics.figures(year or today.year, tenants),
        )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
