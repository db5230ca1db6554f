"""Looking for uploads by what stands in the address, and the same as CSV."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from console.areas import Area, Link
from console.evidence.past import may_be_asked
from console.identity.callers import Caller
from console.identity.guards import require
from console.pages import page
from console.search.asked import address, place, wanted
from console.search.export import as_csv
from moderation.people import Permission
from moderation.upload import Lane
from moderation.verdict import Label, Reason
from storage.search.ports import MOST_COUNTED, Decided, Found, UploadSearch, Wanted

Reader = Annotated[Caller, Depends(require(Permission.UPLOADS_READ))]
Exporter = Annotated[Caller, Depends(require(Permission.EXPORT))]
LINK = Link(
    path="/uploads",
    words="Uploads",
    purpose="Find uploads by verdict, score, reason, time and decision.",
    permission=Permission.UPLOADS_READ,
    key="U",
)
PAGE = 50
_AT_ONCE = 1000
MOST_EXPORTED = 10_000


def search_area(search: UploadSearch) -> Area:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/uploads")
    async def uploads(request: Request, caller: Reader) -> Response:
        asked = request.query_params
        which = _wanted(request, caller)
        found = await search.find(which, caller.tenants, after=place(asked), limit=PAGE + 1)
        counts = await search.counts(which, caller.tenants)
        more = len(found) > PAGE
        return page(
            request,
            "search/uploads.html",
            which=which,
            asked=asked,
            found=found[:PAGE],
            counts=sorted(counts.items()),
            is_capped=sum(counts.values()) > MOST_COUNTED,
            most=MOST_COUNTED,
            next_page=address(asked, "/uploads", after=found[PAGE - 1].place) if more else None,
            first_page=address(asked, "/uploads"),
            export=address(asked, "/uploads.csv"),
            choices={"labels": list(Label), "lanes": list(Lane), "decided": list(Decided)},
            reasons=list(Reason),
        )

    @routes.get("/uploads.csv")
    async def export(request: Request, caller: Exporter) -> Response:
        found = await _all(search, _wanted(request, caller), caller)
        headers = {"Content-Disposition": 'attachment; filename="uploads.csv"'}
        return Response(as_csv(found), media_type="text/csv", headers=headers)

    return Area(routes=routes, links=[LINK])


def _wanted(request: Request, caller: Caller) -> Wanted:
    return replace(wanted(request.query_params), unbiased=may_be_asked(caller))


async def _all(search: UploadSearch, which: Wanted, caller: Caller) -> list[Found]:
    """The newest, MOST_EXPORTED at most."""
    every: list[Found] = []
    while len(every) < MOST_EXPORTED:
        after = every[-1].place if every else None
        found = await search.find(which, caller.tenants, after=after, limit=_AT_ONCE)
        every += found
        if len(found) < _AT_ONCE:
            break
    return every
