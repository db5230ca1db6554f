"""The page of an upload: what was decided about it by detectors and by people, and why."""

from __future__ import annotations

from uuid import uuid4

from fastapi import APIRouter, Request, Response

from console.areas import Area
from console.evidence.comments import add_comments, remarks
from console.evidence.desk import Desk
from console.evidence.looking import Reader, add_crops
from console.evidence.media import add_media
from console.evidence.past import is_hidden, past_of
from console.evidence.posters import add_posters
from console.evidence.viewing_pages import add_viewing
from console.evidence.words import filters
from console.identity.callers import Caller
from console.ids import Id
from console.pages import page


def evidence_area(desk: Desk) -> Area:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/uploads/{upload_id}")
    async def upload(request: Request, upload_id: Id, caller: Reader) -> Response:
        return await _page(request, desk, caller, upload_id)

    @routes.get("/uploads/{upload_id}/verdicts/{verdict_id}")
    async def verdict(request: Request, upload_id: Id, verdict_id: Id, caller: Reader) -> Response:
        """What stood behind a verdict, also where a later one took its place."""
        return await _page(request, desk, caller, upload_id, verdict_id)

    add_crops(routes, desk)
    add_posters(routes, desk)
    add_media(routes, desk)
    add_comments(routes, desk)
    add_viewing(routes, desk.evidence.viewings)
    return Area(routes=routes, filters=filters(desk.reasons))


async def _page(
    request: Request, desk: Desk, caller: Caller, upload_id: str, verdict_id: str | None = None
) -> Response:
    """Raises: UnknownUpload, UploadErased; Refused where there is no such verdict (404)."""
    history, now = await desk.records.history(upload_id), desk.now()
    hidden = is_hidden(history, caller, now)
    shown = await desk.evidence.of_upload(
        caller, upload_id, verdict_id, scores=not (hidden and desk.impression_first)
    )
    mine = caller.somebody.person_id
    return page(
        request,
        "evidence/upload.html",
        shown=shown,
        past=None if hidden else await past_of(history, caller, desk.accounts.people, now),
        remarks=None if hidden else await remarks(desk, caller, shown.upload),
        held=next((job for job in history.jobs if job.is_held_by(mine, now)), None),
        shower="upload",
        token=uuid4().hex,
    )
