"""The page of an upload: what was decided about it by detectors and by people, and why."""

from __future__ import annotations

from uuid import uuid4

from fastapi import APIRouter, Request, Response

from console.areas import Area
from console.evidence.desk import Desk
from console.evidence.looking import Reader, add_crops
from console.evidence.past import is_hidden, past_of
from console.evidence.words import filters
from console.ids import Id
from console.pages import page


def evidence_area(desk: Desk) -> Area:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/uploads/{upload_id}")
    async def upload(request: Request, upload_id: Id, caller: Reader) -> Response:
        shown = await desk.evidence.of_upload(caller, upload_id)
        history = await desk.records.history(upload_id)
        now = desk.now()
        hidden = is_hidden(history, caller, now)
        past = None if hidden else await past_of(history, caller, desk.accounts.people, now)
        return page(
            request,
            "evidence/upload.html",
            shown=shown,
            past=past,
            shower="upload",
            token=uuid4().hex,
        )

    add_crops(routes, desk)
    return Area(routes=routes, filters=filters(desk.reasons))
