"""Hands out the upload's own bytes, which are hostile: a fixed type, no scripts, one look noted."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from console.evidence.desk import Desk
from console.evidence.looking import Shower
from console.evidence.originals import Original
from console.evidence.ranges import Stretch, asked_of
from console.faults import Refused, nothing_here
from console.identity.callers import Caller
from console.identity.guards import require
from console.ids import Id
from moderation.people import Permission
from storage.accounts.records import MediaPart

Revealer = Annotated[Caller, Depends(require(Permission.REVEAL))]

# Beside the policy of every answer: opened on its own it is a document without origin or scripts.
_SANDBOX = "default-src 'none'; sandbox"


def add_media(routes: APIRouter, desk: Desk) -> None:
    @routes.get("/uploads/{upload_id}/media")
    async def media(
        request: Request, upload_id: Id, caller: Revealer, shower: Shower = "upload"
    ) -> Response:
        upload, original = await desk.evidence.original(caller, upload_id)
        if original.container is None:
            raise nothing_here()
        stretch = asked_of(request.headers.get("range"), size=original.size)
        if stretch is None:
            headers = {"Content-Range": f"bytes */{original.size}"}
            raise Refused(416, "no_such_bytes", "it has no such bytes", headers=headers)
        detail = f"bytes {stretch.start}-{stretch.end - 1}"
        await desk.note(caller, upload.tenant, upload_id, MediaPart.ORIGINAL, shower, detail)
        return StreamingResponse(
            desk.evidence.stretch(original, stretch),
            status_code=200 if stretch.whole else 206,
            media_type=original.content_type,
            headers=_headers(upload_id, original, stretch),
        )


def _headers(upload_id: str, original: Original, stretch: Stretch) -> dict[str, str]:
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="{upload_id}.{original.container}"',
        "Content-Length": str(stretch.end - stretch.start),
        "Content-Security-Policy": _SANDBOX,
    }
    return headers if stretch.whole else headers | {"Content-Range": stretch.content_range}
