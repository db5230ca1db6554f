"""What a failed request is answered with, by whose fault it was; ours are logged and counted."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from console.multipart import BadForm
from moderation.errors import (
    AccountRefused,
    MediaRejected,
    MediaTooLarge,
    ModerationError,
    NotYours,
    ReviewRefused,
    Unavailable,
    UnknownPerson,
    UnknownReview,
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
        self.status = status
        self.reason = reason
        self.detail = detail
        self.headers = headers

    @property
    def response(self) -> Response:
        """The answer to a program; a page says it in `console.pages`."""
        fault = Fault(reason=self.reason, detail=self.detail)
        return JSONResponse(fault.model_dump(), self.status, self.headers)


# Code, its reason's most usual word, and what it means. What every route of the API may answer.
_ANY = (
    (401, "sign_in", "Nobody is signed in, or the token does not hold."),
    (403, "forbidden", "The token or the role does not allow this."),
    (422, "bad_request", "A value is not allowed."),
    (429, "too_often", "Too many requests. Try again after Retry-After seconds."),
    (503, "unavailable", "A dependency does not answer. Try again."),
)
_OF_UPLOADS = (
    (400, "bad_form", "The request is damaged."),
    (404, "unknown_upload", "No such upload, or it is another tenant's."),
    (408, "idle", "The client stopped sending. Try again, with the same upload_id."),
    (409, "taken", "The upload_id stands for an upload of another tenant."),
    (410, "erased", "The upload was erased, and does not come back."),
    (413, "too_large", "The media is too large."),
    (415, "bad_media_type", "Media is sent as multipart/form-data, not as the bare body."),
)


def faults(*own: tuple[int, str, str]) -> dict[int | str, dict[str, Any]]:
    """What routes may answer beside success, for OpenAPI: what any may, and their own."""
    return {
        code: {
            "model": Fault,
            "description": description,
            "content": {"application/json": {"example": {"reason": word, "detail": description}}},
        }
        for code, word, description in sorted((*_ANY, *own))
    }


FAULTS = faults(*_OF_UPLOADS)

ANSWERED: tuple[type[Exception], ...] = (
    Refused,
    BadForm,
    ModerationError,
    RequestValidationError,
    HTTPException,
    ClientDisconnect,
)

# What the framework refuses by itself: a path that leads nowhere, a method that a path has not.
_BY_FRAMEWORK = {
    404: ("not_found", "there is nothing here"),
    405: ("bad_method", "this path does not take this method"),
}


async def answer(request: Request, error: Exception) -> Response:
    """Answer a request that failed. What no client caused is logged and counted, by its branch."""
    if isinstance(error, ClientDisconnect):
        return Response(status_code=400)  # nobody reads it
    return said(request, error).response


def said(request: Request, error: Exception) -> Refused:
    """What a failed request is told; what no client caused is logged and counted."""
    refusal = _refusal(error)
    if refusal.status >= 500:
        fault = "dependency" if isinstance(error, Unavailable) else "ours"
        metrics.HTTP_FAILURES.labels(fault).inc()
        say = log.warning if fault == "dependency" else log.error
        route = getattr(request.scope.get("route"), "path", None)
        say("http.failed", fault=fault, route=route, error=type(error).__name__, detail=str(error))
    return refusal


def unacceptable(fault: dict[str, Any]) -> Refused:
    """Refuse a value, by pydantic's first complaint of it."""
    place = ".".join(str(part) for part in fault["loc"]) or "body"
    return Refused(422, "bad_request", f"{place}: {fault['msg']}")


def nothing_here() -> Refused:
    """Refuse what leads nowhere in the words for a path that does not."""
    return Refused(404, *_BY_FRAMEWORK[404])


def _refusal(error: Exception) -> Refused:
    if isinstance(error, Refused):
        return error
    if isinstance(error, RequestValidationError):
        return unacceptable(error.errors()[0])
    if isinstance(error, HTTPException):
        reason, detail = _BY_FRAMEWORK.get(error.status_code, ("refused", str(error.detail)))
        headers = dict(error.headers) if error.headers else None
        return Refused(error.status_code, reason, detail, headers=headers)
    if isinstance(error, BadForm):
        return Refused(400, "bad_form", str(error))
    if isinstance(error, MediaRejected):
        status = 413 if isinstance(error, MediaTooLarge) else 422
        return Refused(status, error.reason, str(error))
    if isinstance(error, ReviewRefused | AccountRefused):
        return Refused(status_of(error), error.reason, str(error))
    if isinstance(error, UnknownUpload):
        return Refused(404, "unknown_upload", str(error))
    if isinstance(error, Unavailable):
        return Refused(503, "unavailable", "a dependency does not answer; try again")
    return Refused(500, "internal", "this is a defect of Veriscope")


def status_of(error: ReviewRefused | AccountRefused) -> int:
    """The code for what may not be done."""
    if isinstance(error, UnknownReview | UnknownPerson):
        return 404
    return 403 if isinstance(error, NotYours) else 409
