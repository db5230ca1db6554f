"""Erasures for programs: a platform asks when an account, or an upload, is deleted there."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict

from console.areas import Area
from console.erasure.asked import asked
from console.faults import Refused, faults
from console.identity.callers import Caller
from console.identity.guards import require
from console.ids import IDENTIFIER, UPLOADER, Id
from moderation.erasure import Erasure, ErasureReason, ErasureScope, ErasureState
from moderation.people import Permission
from storage.erasure.ports import Erasures

log = structlog.get_logger()

_EXAMPLE: dict[str, Any] = {
    "erasure_id": "5f1f2a40-3c0e-4a52-9a1d-0a6f3a7a2c55",
    "tenant": "default",
    "scope": "upload",
    "state": "pending",
    "reason": "subject_request",
    "reference": "case-1207",
    "asked_at": "2026-03-02T08:30:00Z",
    "finished_at": None,
    "uploads": 0,
    "removed": {},
}
_FAULTS = faults((404, "unknown_upload", "No such upload, or it is another tenant's."))

Eraser = Annotated[Caller, Depends(require(Permission.ERASURE))]
Tenant = Annotated[
    str | None,
    Query(
        pattern=IDENTIFIER,
        description="whose upload it is; needed unless the token is of one tenant only",
    ),
]
Uploader = Annotated[
    str, Query(pattern=UPLOADER, description="the `uploader_id` that uploads came with")
]
Why = Annotated[ErasureReason, Query(description="why; it stays in the proof")]
Reference = Annotated[
    str,
    Query(
        pattern=r"^[A-Za-z0-9._/#-]{0,64}$",
        description="a ticket's number; never words about a person",
    ),
]


class ErasureStatus(BaseModel):
    """How an erasure stands. `done`: it is the proof, and names nothing that was erased."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    erasure_id: str
    tenant: str
    scope: ErasureScope
    state: ErasureState
    reason: ErasureReason
    reference: str
    asked_at: datetime
    finished_at: datetime | None
    uploads: int
    removed: dict[str, int]


def erasure_routes(erasures: Erasures) -> Area:
    routes = APIRouter(prefix="/v1", tags=["erasure"], responses=_FAULTS)

    async def ask(caller: Caller, scope: ErasureScope, **words: str) -> ErasureStatus:
        erasure = await erasures.ask(asked(caller, scope=scope, **words))
        log.info("erasure.asked", erasure_id=erasure.erasure_id, by=caller.somebody.person_id)
        return _status(erasure)

    @routes.delete("/uploads/{upload_id}", status_code=202, response_model=ErasureStatus)
    async def erase_upload(
        upload_id: Id,
        caller: Eraser,
        tenant: Tenant = None,
        reason: Why = ErasureReason.SUBJECT_REQUEST,
        reference: Reference = "",
    ) -> ErasureStatus:
        """Erase an upload. Asked for again, it is the same erasure."""
        meant = _meant(caller, tenant)
        if meant not in caller.tenants:
            raise Refused(404, "unknown_upload", f"no upload {upload_id} is in the ledger")
        return await ask(
            caller,
            ErasureScope.UPLOAD,
            tenant=meant,
            target=upload_id,
            reason=reason,
            reference=reference,
        )

    @routes.delete("/uploaders", status_code=202, response_model=ErasureStatus)
    async def erase_uploader(
        uploader_id: Uploader,
        caller: Eraser,
        tenant: Tenant = None,
        reason: Why = ErasureReason.SUBJECT_REQUEST,
        reference: Reference = "",
    ) -> ErasureStatus:
        """Erase all that somebody sent up to now."""
        return await ask(
            caller,
            ErasureScope.UPLOADER,
            tenant=_meant(caller, tenant),
            target=uploader_id,
            reason=reason,
            reference=reference,
        )

    _add_looking(routes, erasures)
    return Area(routes=routes)


def _add_looking(routes: APIRouter, erasures: Erasures) -> None:
    @routes.get("/erasures", response_model=list[ErasureStatus])
    async def of_target(
        of: Annotated[str, Query(pattern=UPLOADER, description="an upload's or an uploader's id")],
        caller: Eraser,
    ) -> list[ErasureStatus]:
        """Say how the erasures of an upload, or of an uploader, stand: done or not."""
        found = await erasures.erasures(caller.tenants, target=of, limit=100)
        return [_status(erasure) for erasure in found]


def _meant(caller: Caller, tenant: str | None) -> str:
    """The tenant that is named, or the only one there is for the caller.

    An erasure is never brought back: which of several is meant is not guessed.

    Raises:
        Refused: none is named by who sees several (422).
    """
    meant = tenant or caller.only_tenant
    if meant is None:
        raise Refused(422, "bad_request", "tenant: name the one whose upload it is")
    return meant


def _status(erasure: Erasure) -> ErasureStatus:
    names = ErasureStatus.model_fields
    return ErasureStatus.model_validate({name: getattr(erasure, name) for name in names})
