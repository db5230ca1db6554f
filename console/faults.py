"""What a failed request is answered with, by whose fault it was; ours are logged and counted."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from console.multipart import BadForm
from moderation.errors import (
    MediaRejected,
    MediaTooLarge,
    ModerationError,
    Unavailable,
    UnknownUpload,
)
from monitoring import metrics

log = structlog.get_logger()


class Fault(BaseModel):
    """What is wrong: `reason` for machines, `detail` for people."""

    reason: str
    detail: str


class Refused(Exception):
    """A request that is answered with a fault."""

    def __init__(
        self, status: int, reason: str, detail: str, *, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.response = JSONResponse(
            Fault(reason=reason, detail=detail).model_dump(), status, headers
        )


FAULTS: dict[int | str, dict[str, Any]] = {
    code: {"model": Fault, "description": description}
    for code, description in (
        (400, "The request is damaged."),
        (404, "No such upload."),
        (408, "The client stopped sending. Try again, with the same upload_id."),
        (409, "The upload_id stands for an upload of another tenant."),
        (413, "The media is too large."),
        (422, "A value is not allowed."),
        (429, "Too many uploads are being received. Try again after Retry-After seconds."),
        (503, "A dependency does not answer. Try again, with the same upload_id."),
    )
}

ANSWERED: tuple[type[Exception], ...] = (
    Refused,
    BadForm,
    ModerationError,
    RequestValidationError,
    ClientDisconnect,
)


async def answer(request: Request, error: Exception) -> Response:
    """Answer a request that failed. What no client caused is logged and counted, by its branch."""
    if isinstance(error, ClientDisconnect):
        return Response(status_code=400)  # nobody reads it
    if not _is_the_clients(error):
        fault = "dependency" if isinstance(error, Unavailable) else "ours"
        metrics.HTTP_FAILURES.labels(fault).inc()
        say = log.warning if fault == "dependency" else log.error
        route = getattr(request.scope.get("route"), "path", None)
        say("http.failed", fault=fault, route=route, error=type(error).__name__, detail=str(error))
    return _response(error)


def unacceptable(fault: dict[str, Any]) -> Refused:
    """Refuse a value, by pydantic's first complaint of it."""
    place = ".".join(str(part) for part in fault["loc"]) or "body"
    return Refused(422, "bad_request", f"{place}: {fault['msg']}")


def _is_the_clients(error: Exception) -> bool:
    clients = (Refused, BadForm, RequestValidationError, MediaRejected, UnknownUpload)
    return isinstance(error, clients)


def _response(error: Exception) -> Response:
    if isinstance(error, Refused):
        return error.response
    if isinstance(error, RequestValidationError):
        return unacceptable(error.errors()[0]).response
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
