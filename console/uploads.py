"""The upload endpoint: bytes or an address in, 202 and a status address out."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from console.multipart import BadForm, FilePart
from moderation.errors import (
    ForbiddenSource,
    MediaRejected,
    MediaTooLarge,
    ModerationError,
    Unavailable,
    UnknownUpload,
)
from moderation.upload import Lane, Upload
from moderation.verdict import Verdict
from storage.ports import Ledger, MediaStore

_IDENTIFIER = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
_LONGEST_JSON = 16 * 1024
_VERDICT: TypeAdapter[Verdict] = TypeAdapter(Verdict)

Tenant = Annotated[str, Query(pattern=_IDENTIFIER, description="whose upload it is")]
Urgency = Annotated[Lane, Query(description="live, or backfill for what can wait")]


class Address(BaseModel):
    """Media that Veriscope should fetch."""

    model_config = ConfigDict(extra="forbid")

    uri: str = Field(min_length=1, max_length=2048, examples=["https://example.org/clip.mp4"])
    file_name: str | None = Field(None, max_length=255)


class Accepted(BaseModel):
    """The upload is in the ledger and will come to an end."""

    upload_id: str
    status_url: str


class Status(BaseModel):
    """Where an upload stands; `verdict` is null until there is one."""

    upload_id: str
    tenant: str
    lane: Lane
    file_name: str | None
    announced_at: datetime
    announcements: int
    deadline_at: datetime
    verdict: dict[str, Any] | None


class Fault(BaseModel):
    """What is wrong: `reason` for machines, `detail` for people."""

    reason: str
    detail: str


class Refused(Exception):
    """A request that is answered with a fault."""

    def __init__(self, status: int, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.response = JSONResponse(Fault(reason=reason, detail=detail).model_dump(), status)


_FAULTS: dict[int | str, dict[str, Any]] = {
    code: {"model": Fault, "description": description}
    for code, description in (
        (400, "The request is damaged."),
        (404, "No such upload."),
        (413, "The media is too large."),
        (422, "A value is not allowed."),
        (503, "A dependency does not answer; nothing was written. Try again."),
    )
}


def build_routes(
    ledger: Ledger,
    media_store: MediaStore,
    accept: Callable[[Upload], Awaitable[bool]],
    *,
    max_bytes: int,
) -> APIRouter:
    """Make the `/v1/uploads` routes over a ledger and a media store."""
    routes = APIRouter(prefix="/v1/uploads", tags=["uploads"], responses=_FAULTS)

    @routes.post("", status_code=202, response_model=Accepted, openapi_extra=_BODIES)
    async def submit(
        request: Request, tenant: Tenant = "default", lane: Urgency = Lane.LIVE
    ) -> Accepted:
        """Take one upload: a file as `multipart/form-data`, or JSON with the address of one."""
        upload_id = str(uuid.uuid4())
        content_type = request.headers.get("content-type", "")
        if content_type.startswith("multipart/form-data"):
            part = _part(content_type, request.stream())
            key = f"media/{tenant}/{upload_id}"
            await media_store.put(key, _limited(part.chunks(), max_bytes))
            uri, file_name = f"store:///{key}", part.name
        else:
            address = await _address(request)
            uri, file_name = address.uri, address.file_name
        await accept(
            Upload(
                upload_id=upload_id,
                tenant=tenant,
                lane=lane,
                uri=uri,
                announced_at=datetime.now(UTC),
                file_name=file_name,
            )
        )
        return Accepted(upload_id=upload_id, status_url=f"/v1/uploads/{upload_id}")

    @routes.get("/{upload_id}", response_model=Status)
    async def status(upload_id: str) -> Status:
        """Say where an upload stands, with its current verdict once there is one."""
        found = await ledger.status(upload_id)
        upload, verdict = found.upload, found.verdict
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


def answer(error: Exception) -> JSONResponse:
    """Answer a request that failed, by whose fault it was."""
    if isinstance(error, Refused):
        return error.response
    if isinstance(error, BadForm):
        return Refused(400, "bad_form", str(error)).response
    if isinstance(error, UnknownUpload):
        return Refused(404, "unknown_upload", str(error)).response
    if isinstance(error, MediaTooLarge):
        return Refused(413, error.reason, str(error)).response
    if isinstance(error, MediaRejected):
        return Refused(422, error.reason, str(error)).response
    if isinstance(error, Unavailable):
        return Refused(503, "unavailable", "a dependency does not answer; try again").response
    return Refused(500, "internal", "this is a defect of Veriscope").response


ANSWERED: tuple[type[Exception], ...] = (Refused, BadForm, ModerationError)


def _part(content_type: str, body: AsyncIterator[bytes]) -> FilePart:
    return FilePart(content_type, body)


async def _limited(chunks: AsyncIterator[bytes], max_bytes: int) -> AsyncIterator[bytes]:
    received = 0
    async for chunk in chunks:
        received += len(chunk)
        if received > max_bytes:
            raise MediaTooLarge(f"over {max_bytes} bytes")
        yield chunk


async def _address(request: Request) -> Address:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_JSON:
            raise Refused(413, "too_large", "send media as multipart/form-data")
    try:
        address = Address.model_validate_json(bytes(body))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in fault["loc"]) or "body"
        raise Refused(422, "bad_request", f"{place}: {fault['msg']}") from error
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
