"""The page of an upload, and the crops on it; every look at a crop is noted first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import uuid4

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from console.areas import Area
from console.evidence.past import is_hidden, past_of
from console.evidence.pictures import picture
from console.evidence.reading import Evidence
from console.evidence.words import filters
from console.faults import nothing_here
from console.identity.callers import Caller
from console.identity.guards import require
from console.ids import Id
from console.pages import page
from moderation.errors import MissingPack
from moderation.people import Permission
from moderation.reasons import PolicyReason
from storage.accounts.ports import Accounts
from storage.accounts.records import MediaAccess, MediaPart
from storage.reviews.ports import ReviewRecords

CropId = Annotated[int, Path(ge=0, le=99_999)]
Shower = Annotated[Literal["upload", "review"], Query(alias="for")]
Reader = Annotated[Caller, Depends(require(Permission.UPLOADS_READ))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the pages read from; `records` tells what people decided."""

    evidence: Evidence
    records: ReviewRecords
    reasons: Mapping[str, PolicyReason]
    accounts: Accounts
    now: Callable[[], datetime]


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

    @routes.get("/uploads/{upload_id}/verdicts/{verdict_id}/crops/{crop_id}")
    async def crop(
        upload_id: Id, verdict_id: Id, crop_id: CropId, caller: Reader, shower: Shower = "upload"
    ) -> Response:
        verdict, pack = await desk.evidence.pack(caller, upload_id, verdict_id)
        veiled = not caller.may(Permission.REVEAL)
        try:
            jpeg = await asyncio.to_thread(picture, pack, crop_id, veiled=veiled)
        except MissingPack as error:
            raise nothing_here() from error
        await desk.accounts.log.note(
            MediaAccess(
                person_id=caller.somebody.person_id,
                token_id=caller.token.token_id if caller.token else None,
                tenant=verdict.tenant,
                upload_id=upload_id,
                part=MediaPart.CROP,
                reason=shower,
                detail=f"{verdict_id}/{crop_id}" + (" veiled" if veiled else ""),
                at=desk.now(),
            )
        )
        return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    return Area(routes=routes, filters=filters(desk.reasons))
