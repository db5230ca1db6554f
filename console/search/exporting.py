"""What was found as a file: sent while it is read, so that it may be longer than memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from console.areas import Area
from console.identity.callers import Caller
from console.identity.guards import require
from console.names import Names, pseudonyms
from console.search.desk import SearchDesk
from console.search.export import Row, csv_head, csv_lines, row_of
from console.search.pages import asked_by
from console.search.parquet import parquet
from moderation.people import Permission
from storage.search.ports import Found, Place, Wanted

Exporter = Annotated[Caller, Depends(require(Permission.EXPORT))]
# Some minutes of a database's time for one person. Who needs more asks for one month after the
# other.
MOST_EXPORTED = 250_000
# Rows that are read at once.
_AT_ONCE = 1000


def export_area(desk: SearchDesk) -> Area:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/uploads.csv")
    async def as_csv(request: Request, caller: Exporter) -> Response:
        pages = await _begun(_pages(desk, caller, asked_by(request, caller, desk)))
        return _file(_csv(pages), "uploads.csv", "text/csv")

    @routes.get("/uploads.parquet")
    async def as_parquet(request: Request, caller: Exporter) -> Response:
        pages = await _begun(_pages(desk, caller, asked_by(request, caller, desk)))
        return _file(parquet(pages), "uploads.parquet", "application/vnd.apache.parquet")

    return Area(routes=routes)


async def _pages(desk: SearchDesk, caller: Caller, which: Wanted) -> AsyncIterator[list[Row]]:
    """What each look finds, the newest first, MOST_EXPORTED rows in all; one look at least.

    A page may be empty: what is rare is looked for on and on, and the client is not left without
    a sign of life until it is found.

    Raises:
        LedgerUnavailable
    """
    names = pseudonyms(desk.people)
    place: Place | None = None
    left = MOST_EXPORTED
    while left > 0:
        limit = min(_AT_ONCE, left)
        results = await desk.search.find(which, caller.tenants, start=place, limit=limit)
        yield [await _row(one, names) for one in results.found]
        place = results.further
        left = left - len(results.found) if place else 0


async def _row(one: Found, names: Names) -> Row:
    by = one.decided_by
    return row_of(one, None if by is None else await names.of(by))


async def _begun(pages: AsyncIterator[list[Row]]) -> AsyncIterator[list[Row]]:
    """All of the pages, once the first is there: where there is no database, the answer is 503."""
    return _after(await anext(pages), pages)


async def _after(first: list[Row], following: AsyncIterator[list[Row]]) -> AsyncIterator[list[Row]]:
    yield first
    async for rows in following:
        yield rows


async def _csv(pages: AsyncIterator[list[Row]]) -> AsyncIterator[str]:
    yield csv_head()
    async for rows in pages:
        if rows:
            yield csv_lines(rows)


def _file(content: AsyncIterator[str] | AsyncIterator[bytes], name: str, kind: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(content, media_type=kind, headers=headers)
