"""The appeals endpoint: an uploader's words in, a review for somebody else out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, field_validator

from console.areas import Area
from console.bodies import parsed
from console.bounds import Bounds, bounded
from console.faults import faults
from console.identity.callers import Caller
from console.identity.guards import require
from console.ids import Id
from moderation.appeals import LONGEST_APPEAL, check_appeal
from moderation.people import Permission
from moderation.review import ReviewJob
from storage.reviews.ports import Appeals

# As JSON may write the longest appeal: twelve bytes for a character, and what stands around it.
_LONGEST_JSON = 64 * 1024
_EXAMPLE: dict[str, Any] = {
    "appeal_id": "0e7c2c0a-95a4-5f57-9d2c-2f6f6f0a5b1d",
    "upload_id": "6d0f7c1e-5a0e-4f0b-9a3f-0c9d9f1b2a37",
    "opened_at": "2026-03-02T08:30:00Z",
    "deadline_at": "2026-03-09T08:30:00Z",
}
_FAULTS = faults(
    (404, "unknown_upload", "No such upload, or it is another tenant's."),
    (408, "idle", "The client stopped sending. Try again."),
    (
        409,
        "nothing_to_appeal",
        "Nothing is restricted that could be appealed, or an appeal was decided already. "
        "The reason is appeal_open where one with other words waits.",
    ),
    (413, "too_large", "The body is too large."),
)

Appealing = Annotated[Caller, Depends(require(Permission.APPEALS_SUBMIT))]


class Appealed(BaseModel):
    """What the uploader says, as they wrote it. Moderators read it as text, never as markup."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"text": "That is me: I filmed it."}}
    )

    text: str = Field(min_length=1, max_length=LONGEST_APPEAL)

    @field_validator("text")
    @classmethod
    def _can_be_kept(cls, text: str) -> str:
        return check_appeal(text)


class AppealAccepted(BaseModel):
    """The appeal waits for somebody who has not decided about the upload.

    Its outcome is a message on `decisions` with `job_kind` `appeal`.
    """

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    appeal_id: str
    upload_id: str
    opened_at: datetime
    deadline_at: datetime


def appeals_area(appeals: Appeals, *, bounds: Bounds) -> Area:
    """Make the routes; of `bounds` the silence counts."""
    routes = APIRouter(prefix="/v1/uploads", tags=["appeals"], responses=_FAULTS)

    @routes.post(
        "/{upload_id}/appeals", status_code=202, response_model=AppealAccepted, openapi_extra=_BODY
    )
    async def appeal(request: Request, upload_id: Id, caller: Appealing) -> AppealAccepted:
        """Appeal for the uploader against what is withheld or labelled.

        Sent again with the same words while it waits, it is the same appeal.
        """
        sent = await parsed(
            bounded(request.stream(), bounds),
            Appealed,
            longest=_LONGEST_JSON,
            too_long="the appeal is too long",
        )
        return _accepted(await appeals.appeal(upload_id, sent.text, caller.tenant_names))

    return Area(routes=routes)


def _accepted(job: ReviewJob) -> AppealAccepted:
    return AppealAccepted(
        appeal_id=job.job_id,
        upload_id=job.upload_id,
        opened_at=job.opened_at,
        deadline_at=job.deadline_at,
    )


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": Appealed.model_json_schema()}},
    }
}
