"""The upload endpoint: bytes or an address in, 202 and a status address out."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from console.bodies import parsed
from console.bounds import Bounds, Places, bounded
from console.faults import FAULTS, Refused
from console.identity.callers import Caller
from console.identity.guards import require
from console.ids import IDENTIFIER, UPLOADER, Id
from console.multipart import FilePart
from console.receiving import Reception, Sender, UploadStore
from moderation.errors import ForbiddenSource
from moderation.people import Permission
from moderation.upload import Lane, Upload
from moderation.verdict import Verdict
from storage.ports import Ledger

_LONGEST_JSON = 16 * 1024
_BARE_MEDIA = ("image/", "video/", "audio/", "application/octet-stream")
_AS_FORM = "send media as multipart/form-data"
_EXAMPLE = "6d0f7c1e-5a0e-4f0b-9a3f-0c9d9f1b2a37"
_STATUS: dict[str, Any] = {
    "upload_id": _EXAMPLE,
    "tenant": "default",
    "lane": "live",
    "file_name": "photo.jpg",
    "announced_at": "2026-03-01T12:00:00Z",
    "announcements": 1,
    "deadline_at": "2026-03-01T12:10:00Z",
    "verdict": None,
}
_VERDICT: TypeAdapter[Verdict] = TypeAdapter(Verdict)

Tenant = Annotated[str, Query(pattern=IDENTIFIER, description="whose upload it is")]
ClientsId = Annotated[
    str | None,
    Query(
        pattern=IDENTIFIER,
        description="the client's own id of the upload; sent again, it stands for the same upload",
    ),
]
UploaderId = Annotated[
    str | None,
    Query(
        pattern=UPLOADER,
        description="whose it is, as an id that means nothing outside of the platform, such as a "
        "keyed hash of the account: all that somebody sent can be erased by it",
    ),
]
Urgency = Annotated[Lane, Query(description="live, or backfill for what can wait")]
Sending = Annotated[Caller, Depends(require(Permission.UPLOADS_SUBMIT, from_this_machine=True))]
Asking = Annotated[Caller, Depends(require(Permission.UPLOADS_READ, from_this_machine=True))]


class Address(BaseModel):
    """Media that Veriscope should fetch."""

    model_config = ConfigDict(extra="forbid")

    uri: str = Field(min_length=1, max_length=2048, examples=["https://example.org/clip.mp4"])
    file_name: str | None = Field(None, max_length=255, examples=["clip.mp4"])


class Accepted(BaseModel):
    """The upload is in the ledger and will come to an end."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"upload_id": _EXAMPLE, "status_url": f"/v1/uploads/{_EXAMPLE}"}
        }
    )

    upload_id: str
    status_url: str


class Status(BaseModel):
    """Where an upload stands; `verdict` is null until there is one."""

    model_config = ConfigDict(json_schema_extra={"example": _STATUS})

    upload_id: str
    tenant: str
    lane: Lane
    file_name: str | None
    announced_at: datetime
    announcements: int
    deadline_at: datetime
    verdict: dict[str, Any] | None


def build_routes(
    ledger: Ledger,
    store: UploadStore,
    accept: Callable[[Upload], Awaitable[bool]],
    *,
    bounds: Bounds,
    impression_first: bool = False,
) -> APIRouter:
    """Make the `/v1/uploads` routes over a ledger and a media store.

    With `impression_first` who may decide is refused here what detectors say.
    """
    routes = APIRouter(prefix="/v1/uploads", tags=["uploads"], responses=FAULTS)
    reception = Reception(ledger, store, accept)
    places = Places(bounds.uploads_at_once)

    @routes.post("", status_code=202, response_model=Accepted, openapi_extra=_BODIES)
    async def submit(
        request: Request,
        caller: Sending,
        upload_id: ClientsId = None,
        tenant: Tenant = "default",
        lane: Urgency = Lane.LIVE,
        uploader_id: UploaderId = None,
    ) -> Accepted:
        """Take one upload: a file as `multipart/form-data`, or JSON with the address of one."""
        if tenant not in caller.tenants:
            raise Refused(403, "other_tenant", "this token does not send uploads for this tenant")
        sender = Sender(
            upload_id=upload_id or str(uuid.uuid4()),
            tenant=tenant,
            lane=lane,
            uploader_id=uploader_id,
        )
        with places.one():
            if not await reception.knows(sender):
                await _receive(request, sender, reception, bounds)
        return Accepted(upload_id=sender.upload_id, status_url=f"/v1/uploads/{sender.upload_id}")

    @routes.get("/{upload_id}", response_model=Status)
    async def status(upload_id: Id, caller: Asking) -> Status:
        """Say where an upload stands, with its current verdict once there is one."""
        if impression_first and caller.may(Permission.DECIDE):
            raise Refused(
                403,
                "impression_first",
                "look the upload up in the console: who judges "
                "is told what detectors say after a first impression of their own",
            )
        found = await ledger.status(upload_id)
        upload, verdict = found.upload, found.verdict
        caller.check_sees(upload.tenant, upload_id)
        return Status(
            upload_id=upload.upload_id,
            tenant=upload.tenant,
            lane=upload.lane,
            file_name=upload.file_name,
            announced_at=upload.announced_at,
            announcements=found.announcements,
            deadline_at=found.deadline_at,
            verdict=_VERDICT.dump_python(verdict, mode="json") if verdict else None,
        )

    return routes


async def _receive(request: Request, sender: Sender, reception: Reception, bounds: Bounds) -> None:
    content_type = request.headers.get("content-type", "")
    if content_type.lower().startswith(_BARE_MEDIA):
        raise Refused(415, "bad_media_type", _AS_FORM)
    body = bounded(request.stream(), bounds)
    if content_type.startswith("multipart/form-data"):
        part = FilePart(content_type, body)
        await reception.file(sender, part, max_bytes=bounds.max_bytes)
        return
    address = await _address(body)
    await reception.address(sender, address.uri, address.file_name)


async def _address(body: AsyncIterator[bytes]) -> Address:
    address = await parsed(body, Address, longest=_LONGEST_JSON, too_long=_AS_FORM)
    if address.uri.lower().startswith("store:"):
        raise Refused(422, ForbiddenSource.reason, "store: is for what Veriscope stored itself")
    return address


_BODIES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
            "application/json": {"schema": Address.model_json_schema()},
        },
    }
}
