"""What was found as a file: sent while it is read, so that it may be longer than memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from console.areas import Area
from console.identity.callers import Caller
from console.identity.guards import require
from console.names import pseudonyms
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
        exported = Exported(desk, caller, asked_by(request, caller))
        first = await exported.next()
        return _file(_csv(first, exported), "uploads.csv", "text/csv")

    @routes.get("/uploads.parquet")
    async def as_parquet(request: Request, caller: Exporter) -> Response:
        exported = Exported(desk, caller, asked_by(request, caller))
        first = await exported.next()
        content = parquet(first, exported.next)
        return _file(content, "uploads.parquet", "application/vnd.apache.parquet")

    return Area(routes=routes)


class Exported:
    """The rows of an export, the newest first, MOST_EXPORTED at most."""

    def __init__(self, desk: SearchDesk, caller: Caller, which: Wanted) -> None:
        self._desk = desk
        self._tenants = caller.tenants
        self._which = which
        self._names = pseudonyms(desk.people)
        self._place: Place | None = None
        self._left = MOST_EXPORTED

    async def next(self) -> list[Row]:
        """The rows that come next; empty at the end. Raises: LedgerUnavailable."""
        while self._left > 0:
            limit = min(_AT_ONCE, self._left)
            results = await self._desk.search.find(
                self._which, self._tenants, start=self._place, limit=limit
            )
            self._place = results.further
            self._left = self._left - len(results.found) if results.further else 0
            if results.found:
                return [await self._row(one) for one in results.found]
        return []

    async def _row(self, one: Found) -> Row:
        by = one.decided_by
        return row_of(one, None if by is None else await self._names.of(by))


async def _csv(rows: list[Row], exported: Exported) -> AsyncIterator[str]:
    yield csv_head()
    while rows:
        yield csv_lines(rows)
        rows = await exported.next()


def _file(content: AsyncIterator[str] | AsyncIterator[bytes], name: str, kind: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(content, media_type=kind, headers=headers)
