"""Crops as pages ask for them, one or all of a person; each look is noted before its answer."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from console.evidence.desk import Desk
from console.evidence.packs import OpenPack
from console.evidence.pictures import picture, side_by_side
from console.evidence.sheets import sheets
from console.faults import nothing_here
from console.identity.callers import Caller
from console.identity.guards import require
from console.ids import Id
from inference.faces import facepack
from moderation.errors import MissingPack
from moderation.people import Permission
from moderation.verdict import Verdict
from storage.accounts.records import MediaPart

Number = Annotated[int, Path(ge=0, le=99_999)]
Shower = Annotated[Literal["upload", "review"], Query(alias="for")]
Reader = Annotated[Caller, Depends(require(Permission.UPLOADS_READ))]

# Raised when the same crops become other pictures: browsers ask whether theirs still is the one.
_PICTURES = 1
# Kept by the browser alone, and never shown without asking, so that each look is noted.
_ASK_AGAIN = "private, no-cache"


def add_crops(routes: APIRouter, desk: Desk) -> None:
    async def note(caller: Caller, verdict: Verdict, detail: str, shower: str) -> None:
        await desk.note(caller, verdict.tenant, verdict.upload_id, MediaPart.CROP, shower, detail)

    @routes.get("/uploads/{upload_id}/verdicts/{verdict_id}/crops/{crop_id}")
    async def crop(
        upload_id: Id, verdict_id: Id, crop_id: Number, caller: Reader, shower: Shower = "upload"
    ) -> Response:
        verdict, pack = await desk.evidence.pack(caller, upload_id, verdict_id)
        veiled = not caller.may(Permission.REVEAL)
        try:
            jpeg = await asyncio.to_thread(picture, pack.content, crop_id, veiled=veiled)
        except MissingPack as error:
            raise nothing_here() from error
        await note(caller, verdict, f"{verdict_id}/{crop_id}" + _word(veiled), shower)
        return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    @routes.get("/uploads/{upload_id}/verdicts/{verdict_id}/tracks/{track_id}/crops")
    async def track(
        request: Request,
        upload_id: Id,
        verdict_id: Id,
        track_id: Number,
        caller: Reader,
        shower: Shower = "upload",
    ) -> Response:
        """All crops of a person in one picture, so that a page asks once and not for each."""
        verdict, pack = await desk.evidence.pack(caller, upload_id, verdict_id)
        veiled = not caller.may(Permission.REVEAL)
        tag = f'"{pack.digest[:32]}-{track_id}-{_PICTURES}{_word(veiled).strip()}"'
        headers = {"Cache-Control": _ASK_AGAIN, "ETag": tag, "Vary": "Cookie, Authorization"}
        if tag in request.headers.get("if-none-match", ""):
            answer = Response(status_code=304, headers=headers)
        else:
            jpeg = await asyncio.to_thread(_sheet, pack, track_id, veiled=veiled)
            answer = Response(jpeg, media_type="image/jpeg", headers=headers)
        await note(caller, verdict, f"{verdict_id}/person {track_id + 1}" + _word(veiled), shower)
        return answer


def _word(veiled: bool) -> str:
    return " veiled" if veiled else ""


def _sheet(pack: OpenPack, track_id: int, *, veiled: bool) -> bytes:
    """Raises: Refused: nobody of this number is in the pack, or it is damaged (404)."""
    try:
        found = {sheet.track_id: sheet for sheet in sheets(facepack.outline(pack.content))}
        crop_ids = [crop.crop_id for crop in found[track_id].crops]
        return side_by_side(pack.content, crop_ids, veiled=veiled)
    except (MissingPack, KeyError) as error:
        raise nothing_here() from error
