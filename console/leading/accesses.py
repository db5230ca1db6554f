"""Who looked at which media: the log that every look is noted in before bytes are sent."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from console.areas import Link
from console.identity.callers import Caller
from console.identity.guards import require
from console.ids import IDENTIFIER
from console.leading.desk import LeadDesk
from console.pages import page
from moderation.people import Permission, spelled
from storage.accounts.records import MediaAccess

Auditor = Annotated[Caller, Depends(require(Permission.AUDIT))]
UploadId = Annotated[str, Query(pattern=f"{IDENTIFIER}|^$")]
Name = Annotated[str, Query(max_length=128)]
LINK = Link(
    path="/accesses",
    words="Looks at media",
    purpose="See who looked at which media, and when.",
    permission=Permission.AUDIT,
)
MOST = 200


def add_accesses(routes: APIRouter, desk: LeadDesk) -> None:
    @routes.get("/accesses")
    async def accesses(
        request: Request, caller: Auditor, person: Name = "", upload: UploadId = ""
    ) -> Response:
        found = await _found(desk, caller, person, upload)
        return page(
            request,
            "leading/accesses.html",
            person=person,
            upload=upload,
            found=found,
            names=await desk.names([one.person_id for one in found]),
            most=MOST,
        )


async def _found(desk: LeadDesk, caller: Caller, person: str, upload: str) -> list[MediaAccess]:
    person_id = None
    if person:
        try:
            account = await desk.accounts.people.find(name=spelled(person))
        except ValueError:  # nobody has such a name
            account = None
        if account is None:
            return []
        person_id = account.person.person_id
    return await desk.accounts.log.accesses(
        caller.tenants, upload_id=upload or None, person_id=person_id, limit=MOST
    )
