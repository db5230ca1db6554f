"""Looking for uploads by what stands in the address."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import QueryParams

from console.areas import Area, Link
from console.evidence.past import may_be_asked
from console.evidence.words import REJECTIONS
from console.identity.callers import Caller
from console.identity.guards import require
from console.pages import page
from console.search.asked import address, place, wanted
from console.search.chart import Chart, chart, charted
from console.search.desk import SearchDesk
from moderation.people import Permission
from moderation.provenance import ProvenanceState
from moderation.upload import Lane
from moderation.verdict import Label, Reason
from storage.search.ports import (
    MOST_COUNTED,
    MOST_READ,
    Decided,
    Place,
    Results,
    Span,
    Wanted,
)

Reader = Annotated[Caller, Depends(require(Permission.UPLOADS_READ))]
LINK = Link(
    path="/uploads",
    words="Uploads",
    purpose="Find uploads by verdict, score, reason, time and decision.",
    permission=Permission.UPLOADS_READ,
    key="U",
)
PAGE = 50
# What few narrow by stands folded away, until something of it is asked for.
_RARER = ("tenant", "lane", "decided", "provenance", "generator", "model", "policy")
_CHOICES = {
    "labels": list(Label),
    "reasons": {"of a verdict": list(Reason), "of a rejection": list(REJECTIONS)},
    "lanes": list(Lane),
    "decided": list(Decided),
    "states": list(ProvenanceState),
}


def search_area(desk: SearchDesk) -> Area:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/uploads")
    async def uploads(request: Request, caller: Reader) -> Response:
        asked = request.query_params
        which, start = asked_by(request, caller, desk), place(asked)
        results = await desk.search.find(which, caller.tenants, start=start, limit=PAGE)
        counts = await desk.search.counts(which, caller.tenants)
        over_time = await _chart(desk, which, caller)
        older, newer = _neighbours(results, start)
        return page(
            request,
            "search/uploads.html",
            which=which,
            asked=asked,
            found=results.found,
            stopped=results.further if len(results.found) < PAGE else None,
            counts=counts,
            most=MOST_READ,
            most_counted=MOST_COUNTED,
            older=_address(asked, older),
            newer=_address(asked, newer),
            newest=address(asked, "/uploads") if start else None,
            chart=over_time,
            times={
                bar.start: address(asked, "/uploads", between=(bar.start, bar.end))
                for bar in (over_time.bars if over_time else ())
            },
            csv=address(asked, "/uploads.csv"),
            parquet=address(asked, "/uploads.parquet"),
            saved=await desk.saved.saved(caller.somebody.person_id),
            query=address(asked, "").removeprefix("?"),
            choices=_CHOICES,
            rarer=any(asked.get(name) for name in _RARER),
        )

    return Area(routes=routes, links=[LINK])


def asked_by(request: Request, caller: Caller, desk: SearchDesk) -> Wanted:
    """What somebody asks for, told to them as they may know it. Raises: Refused (422)."""
    judges = caller.may(Permission.DECIDE)
    return replace(
        wanted(request.query_params),
        unbiased=judges,
        unscored=judges and desk.impression_first,
        holder=None if may_be_asked(caller) else caller.somebody.person_id,
    )


async def _chart(desk: SearchDesk, which: Wanted, caller: Caller) -> Chart | None:
    """None where something is asked for that is not counted."""
    if not which.is_counted:
        return None
    within, per = charted(which, desk.now())
    counted = await desk.search.over_time(within, caller.tenants, per=per)
    if counted and per is Span.DAY:
        finer, hours = charted(replace(which, since=counted[0].start), desk.now())
        if hours is Span.HOUR:  # all of it is younger than that
            within, per = finer, hours
            counted = await desk.search.over_time(within, caller.tenants, per=per)
    return chart(counted, within, per)


def _neighbours(results: Results, start: Place | None) -> tuple[Place | None, Place | None]:
    """Where what is older begins, and what is newer."""
    if start is None:
        return results.further, None
    found = results.found
    if start.newer:
        older = found[-1].place if found else replace(start, newer=False)
        return older, results.further
    return results.further, replace(found[0].place if found else start, newer=True)


def _address(asked: QueryParams, start: Place | None) -> str | None:
    return address(asked, "/uploads", start=start) if start else None
