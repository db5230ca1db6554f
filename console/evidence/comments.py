"""What people say of an upload to one another; kept from who is asked to judge it blindly."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from console.evidence.desk import Desk
from console.evidence.past import is_hidden
from console.faults import Refused
from console.forms import read_form
from console.identity.callers import Caller
from console.identity.guards import require
from console.ids import Id
from console.names import names_for
from console.pages import go_to
from moderation.comments import Comment
from moderation.people import Permission
from moderation.upload import Upload

Commenter = Annotated[Caller, Depends(require(Permission.COMMENT))]

MOST_SHOWN = 200
_TOKEN = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A comment, and by whom in words: a name for leads, a pseudonym for all others."""

    comment: Comment
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarks:
    """The newest, in the order in which they were made; `older` where there are others."""

    shown: Sequence[Remark]
    older: bool


async def remarks(desk: Desk, caller: Caller, upload: Upload) -> Remarks:
    found = await desk.evidence.comments.of_upload(
        upload.upload_id, caller.tenants, limit=MOST_SHOWN + 1
    )
    names = names_for(caller, desk.accounts.people)
    newest = found[-MOST_SHOWN:]
    return Remarks(
        shown=[Remark(comment=one, by=await names.of(one.author)) for one in newest],
        older=len(found) > MOST_SHOWN,
    )


def add_comments(routes: APIRouter, desk: Desk) -> None:
    @routes.post("/uploads/{upload_id}/comments")
    async def comment(request: Request, upload_id: Id, caller: Commenter) -> Response:
        sent = await read_form(request)
        upload = await desk.evidence.upload(caller, upload_id)
        if is_hidden(await desk.records.history(upload_id), caller, desk.now()):
            raise Refused(409, "asked_yourself", "you may be asked about it: decide first")
        if not _TOKEN.fullmatch(sent.one("token")):
            raise Refused(422, "bad_request", "the form is damaged; load the page again")
        try:
            written = Comment(
                comment_id=sent.one("token"),
                tenant=upload.tenant,
                upload_id=upload_id,
                author=caller.somebody.person_id,
                text=sent.one("text"),
                made_at=desk.now(),
            )
        except ValueError as error:
            raise Refused(422, "bad_request", str(error)) from error
        await desk.evidence.comments.add(written)
        return go_to(f"/uploads/{upload_id}#comments")
