"""The page on which people choose how media are shown to them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from console.evidence.viewing import ViewingChoices
from console.forms import read_form
from console.identity.callers import Caller
from console.identity.guards import require
from console.pages import go_to, page
from moderation.people import Permission
from storage.accounts.records import Viewing

Anyone = Annotated[Caller, Depends(require(Permission.CONSOLE))]


def add_viewing(routes: APIRouter, viewings: ViewingChoices) -> None:
    @routes.get("/you/viewing")
    async def show(request: Request, caller: Anyone) -> Response:
        viewing = await viewings.of(caller)
        return page(request, "evidence/viewing.html", viewing=viewing, usual=viewings.usual)

    @routes.post("/you/viewing")
    async def choose(request: Request, caller: Anyone) -> Response:
        sent = await read_form(request)
        own = None
        if not sent.one("usual"):
            own = Viewing(
                blurred=bool(sent.one("blurred")),
                grey=bool(sent.one("grey")),
                muted=bool(sent.one("muted")),
            )
        await viewings.choose(caller, own)
        return go_to("/you/viewing")
