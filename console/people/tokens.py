"""API tokens: made with no more than their maker may, shown once, and revoked."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, cast

import structlog
from fastapi import APIRouter, Depends, Request, Response

from console.areas import Area, Link
from console.faults import Refused
from console.forms import Form, read_form
from console.identity.callers import Caller
from console.identity.guards import require
from console.identity.secrets import new_token
from console.pages import go_to, page
from moderation.people import Permission, Tenants
from storage.accounts.ports import Accounts
from storage.accounts.records import ApiToken, digest

log = structlog.get_logger()

Maker = Annotated[Caller, Depends(require(Permission.TOKENS))]
LINK = Link(
    path="/tokens",
    words="API tokens",
    purpose="Keys for programs: make them with few scopes, and revoke them.",
    permission=Permission.TOKENS,
)
_LONGEST_DAYS = 366
# What a scope lets a program do, for who has to choose.
SCOPES = {
    Permission.UPLOADS_SUBMIT: "send uploads",
    Permission.UPLOADS_READ: "ask for verdicts, find uploads, see crops of faces",
    Permission.APPEALS_SUBMIT: "hand in an uploader's appeal",
    Permission.EXPORT: "take what was found as CSV and Parquet",
    Permission.QUEUE: "look at reviews that wait",
    Permission.DECIDE: "decide reviews, in its maker's name",
    Permission.COMMENT: "comment on uploads, in its maker's name",
    Permission.REVEAL: "see media as they were sent",
    Permission.AUDIT: "read who looked at what",
    Permission.AGREEMENT: "read figures of moderators and of the year",
    Permission.UNDO_OTHERS: "take others' decisions back",
    Permission.KNOWN_ITEMS: "make uploads known items",
    Permission.CLUSTERS: "decide look-alikes together",
    Permission.ERASURE: "erase uploads",
    Permission.RETENTION: "read how long what is kept",
}


def tokens_area(accounts: Accounts, *, now: Callable[[], datetime]) -> Area:
    routes = APIRouter(include_in_schema=False)

    async def seen_by(caller: Caller) -> list[ApiToken]:
        every = await accounts.token_list.tokens()
        return [token for token in every if caller.tenants.cover(token.tenants)]

    @routes.get("/tokens")
    async def tokens(request: Request, caller: Maker) -> Response:
        people = await accounts.people.everyone()
        return page(
            request,
            "people/tokens.html",
            tokens=await seen_by(caller),
            names={account.person.person_id: account.person.name for account in people},
            scopes={one: SCOPES[one] for one in Permission if one in _scopes(request)},
            now=now(),
            longest_days=_LONGEST_DAYS,
        )

    @routes.post("/tokens")
    async def make(request: Request, caller: Maker) -> Response:
        secret = new_token()
        sent = await read_form(request)
        token = _asked_for(sent, caller, scopes=_scopes(request), secret=secret, now=now())
        await accounts.tokens.add(token)
        log.info("token.made", token=token.token_id, by=token.person_id)
        return page(request, "people/token.html", token=token, secret=secret)

    @routes.post("/tokens/{token_id}/revoke")
    async def revoke(token_id: str, caller: Maker) -> Response:
        if token_id not in {token.token_id for token in await seen_by(caller)}:
            raise Refused(404, "unknown_token", "there is no such token")
        await accounts.tokens.revoke(token_id, now=now())
        log.info("token.revoked", token=token_id, by=caller.somebody.person_id)
        return go_to("/tokens")

    return Area(routes=routes, links=[LINK])


def _scopes(request: Request) -> frozenset[Permission]:
    return cast(frozenset[Permission], request.app.state.scopes)


def _asked_for(
    sent: Form, caller: Caller, *, scopes: frozenset[Permission], secret: str, now: datetime
) -> ApiToken:
    """The token that a form asks for.

    Raises:
        Refused: it names no scope, a tenant that its maker does not see, or too long a life.
    """
    name, days = sent.one("name")[:128], sent.one("days")
    try:
        chosen = frozenset(Permission(scope) for scope in sent.every("scope"))
        tenants = Tenants(sent.words("tenants"))
    except ValueError as error:
        raise Refused(422, "bad_request", str(error)) from error
    if not name or not chosen or not chosen <= scopes:
        raise Refused(422, "bad_request", "give a name, and scopes that a token may have")
    if not days.isdecimal() or not 1 <= int(days[:6]) <= _LONGEST_DAYS:
        raise Refused(422, "bad_request", f"a token lives 1 to {_LONGEST_DAYS} days")
    if not caller.tenants.cover(tenants) or not chosen <= caller.permissions:
        raise Refused(403, "too_much", "a token may no more than the person who makes it")
    return ApiToken(
        token_id=str(uuid.uuid4()),
        token_digest=digest(secret),
        name=name,
        person_id=caller.somebody.person_id,
        scopes=chosen,
        tenants=tenants,
        created_at=now,
        expires_at=now + timedelta(days=int(days[:6])),
    )
