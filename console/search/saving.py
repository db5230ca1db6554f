"""Searches that somebody keeps under a name: their own, for nobody else to see."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import QueryParams

from console.areas import Area
from console.faults import Refused
from console.forms import Form, read_form
from console.identity.callers import Caller
from console.identity.guards import require
from console.pages import go_to
from console.search.asked import address, wanted
from console.search.desk import SearchDesk
from moderation.people import Permission
from storage.search.ports import LONGEST_QUERY, MOST_SAVED, SavedQuery

Keeper = Annotated[Caller, Depends(require(Permission.UPLOADS_READ))]


def saving_area(desk: SearchDesk) -> Area:
    routes = APIRouter(include_in_schema=False)

    @routes.post("/uploads/saved")
    async def save(request: Request, caller: Keeper) -> Response:
        query = _asked_for(await read_form(request))
        if not await desk.saved.save(caller.somebody.person_id, query):
            raise Refused(409, "too_many", f"you keep {MOST_SAVED} searches; forget one first")
        return go_to(f"/uploads?{query.query}")

    @routes.post("/uploads/saved/forget")
    async def forget(request: Request, caller: Keeper) -> Response:
        name = (await read_form(request)).one("name")
        if name.isprintable():  # else none has it, and PostgreSQL refuses to look for some
            await desk.saved.forget(caller.somebody.person_id, name)
        return go_to("/uploads")

    return Area(routes=routes)


def _asked_for(sent: Form) -> SavedQuery:
    """What is to be kept, as it would be asked for again.

    Raises:
        Refused: it cannot be asked for, asks for nothing, or has no fit name (422).
    """
    asked = QueryParams(sent.one("query")[: 2 * LONGEST_QUERY])
    if wanted(asked).upload_id is not None:
        # An upload may be erased, and nothing is to name it then.
        raise Refused(422, "bad_request", "a search for one upload is not kept")
    _, _, query = address(asked, "").partition("?")
    try:
        return SavedQuery(name=sent.one("name"), query=query)
    except ValueError as error:
        detail = f"give a name, and ask for something first: {error}"
        raise Refused(422, "bad_request", detail) from error
