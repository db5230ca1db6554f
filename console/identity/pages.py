"""The pages by which one comes in and goes out: sign-in, sign-out, and choosing a password."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from console.faults import Refused
from console.forms import Form, read_form
from console.identity.callers import Caller
from console.identity.door import Door, Origin
from console.identity.gate import SESSION, address_of
from console.identity.guards import FORM_FIELD, gate_of, open_to_all, require
from console.identity.passwords import SHORTEST
from console.identity.secrets import form_token, is_form_token, new_secret
from console.identity.site import Site, own_target
from console.pages import go_to, page
from moderation.people import Permission, Person

VISIT = "veriscope-visit"
_VISIT_SECONDS = 3600


def sign_in_pages(door: Door, *, provider: str | None, local: bool) -> APIRouter:
    """Make the pages. `provider` is what people call theirs; `local` allows passwords."""
    routes = APIRouter(include_in_schema=False)
    _add_sign_in(routes, door, provider=provider, local=local)
    if local:
        _add_link(routes, door)

    @routes.post("/sign-out")
    async def sign_out(
        request: Request, caller: Annotated[Caller, Depends(require(Permission.CONSOLE))]
    ) -> Response:
        if caller.secret is not None:
            await door.close(caller.secret)
        response = go_to("/sign-in")
        gate_of(request).site.drop_cookie(response, SESSION)
        # What pages put into the browser's storage goes, too.
        response.headers["Clear-Site-Data"] = '"cache"'
        return response

    return routes


def _add_sign_in(routes: APIRouter, door: Door, *, provider: str | None, local: bool) -> None:
    def form(
        request: Request, *, target: str, name: str = "", refusal: Refused | None = None
    ) -> Response:
        return visited(
            request,
            "identity/sign_in.html",
            refusal=refusal,
            target=target,
            name=name,
            provider=provider,
            local=local,
        )

    @routes.get("/sign-in", dependencies=[Depends(open_to_all)])
    async def sign_in(request: Request, to: str = "/") -> Response:
        if await gate_of(request).recognise(request) is not None:
            return go_to(own_target(to))
        return form(request, target=own_target(to))

    @routes.post("/sign-in", dependencies=[Depends(open_to_all)])
    async def signed_in(request: Request) -> Response:
        sent = await _visitors_form(request)
        target = own_target(sent.one("to"))
        if not local:
            raise Refused(403, "no_passwords", "passwords are not taken here")
        try:
            person = await door.by_password(
                sent.one("name"), sent.as_typed("password"), origin_of(request)
            )
        except Refused as refusal:
            return form(request, target=target, name=sent.one("name"), refusal=refusal)
        return await let_in(request, door, person, target)


def _add_link(routes: APIRouter, door: Door) -> None:
    async def form(request: Request, token: str, refusal: Refused | None = None) -> Response:
        account = await door.invited(token)
        return visited(
            request,
            "identity/choose_password.html",
            refusal=refusal,
            name=account.person.name,
            shortest=SHORTEST,
        )

    @routes.get("/sign-in/link/{token}", dependencies=[Depends(open_to_all)])
    async def link(request: Request, token: str) -> Response:
        """Only show the form: programs that look at links before people do would use it up."""
        return await form(request, token)

    @routes.post("/sign-in/link/{token}", dependencies=[Depends(open_to_all)])
    async def chosen(request: Request, token: str) -> Response:
        sent = await _visitors_form(request)
        try:
            person = await door.by_invitation(token, sent.as_typed("password"))
        except Refused as refusal:
            if refusal.status != 422:
                raise
            return await form(request, token, refusal)
        return await let_in(request, door, person, "/")


def visited(
    request: Request, template: str, *, refusal: Refused | None = None, **context: object
) -> Response:
    """Show a form to a stranger: a cookie of its own ties it to this browser until signed in."""
    site = gate_of(request).site
    visit = site.cookie(request, VISIT) or new_secret()
    response = page(
        request,
        template,
        status=refusal.status if refusal else 200,
        headers=refusal.headers if refusal else None,
        csrf=form_token(visit),
        detail=refusal.detail if refusal else "",
        **context,
    )
    site.set_cookie(response, VISIT, visit, max_age=_VISIT_SECONDS)
    return response


async def let_in(request: Request, door: Door, person: Person, target: str) -> Response:
    """Begin a session under a new secret, whatever cookie the browser brought along."""
    site: Site = gate_of(request).site
    brought = site.cookie(request, SESSION)
    if brought is not None:
        await door.close(brought)
    secret = await door.open(person, origin_of(request))
    response = go_to(target)
    site.set_cookie(response, SESSION, secret)
    site.drop_cookie(response, VISIT)
    return response


def origin_of(request: Request) -> Origin:
    return Origin(address=address_of(request), browser=request.headers.get("user-agent", ""))


async def _visitors_form(request: Request) -> Form:
    """Read a stranger's form: another site could have them sign in to somebody else's account."""
    sent = await read_form(request)
    visit = gate_of(request).site.cookie(request, VISIT)
    if visit is None or not is_form_token(sent.one(FORM_FIELD), visit):
        raise Refused(403, "stale_form", "this form is too old: load the page again")
    return sent
