"""Signing in at a provider: off to it, and back with a code."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from console.faults import Refused
from console.identity.claims import GroupMeaning, meaning_of
from console.identity.door import Door
from console.identity.guards import gate_of, open_to_all
from console.identity.pages import let_in
from console.identity.provider import Flow, Provider
from console.identity.site import own_target

FLOW = "veriscope-flow"
CALLBACK = "/sign-in/provider/back"
_FLOW_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Which claims hold somebody's name and groups, and what the groups stand for."""

    name_claim: str = "preferred_username"
    groups_claim: str = "groups"
    groups: Mapping[str, GroupMeaning] = field(default_factory=dict)


def provider_pages(provider: Provider, door: Door, reading: Reading) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/sign-in/provider", dependencies=[Depends(open_to_all)])
    async def off(request: Request, to: str = "/") -> Response:
        site = gate_of(request).site
        address, flow = await provider.begin(redirect_uri=_callback(request), target=own_target(to))
        response = RedirectResponse(address, 303)
        site.set_cookie(response, FLOW, _written(flow), max_age=_FLOW_SECONDS)
        return response

    @routes.get(CALLBACK, dependencies=[Depends(open_to_all)])
    async def back(request: Request, code: str = "", state: str = "", error: str = "") -> Response:
        flow = _checked_flow(request, state)
        if error or not code:
            raise Refused(401, "not_signed_in", "the provider did not sign you in")
        checked = await provider.finish(code, flow, redirect_uri=_callback(request))
        meaning = meaning_of(checked.groups(reading.groups_claim), reading.groups)
        if meaning is None:
            detail = "you are in no group that may use this console: ask an administrator"
            raise Refused(403, "no_group", detail)
        person = await door.by_identity(
            checked.identity,
            name=checked.named_by(reading.name_claim),
            role=meaning.role,
            tenants=meaning.tenants,
        )
        response = await let_in(request, door, person, own_target(flow.target))
        gate_of(request).site.drop_cookie(response, FLOW)
        return response

    return routes


def _callback(request: Request) -> str:
    return gate_of(request).site.own_origin(request) + CALLBACK


def _checked_flow(request: Request, state: str) -> Flow:
    """The sign-in that this browser began.

    Raises:
        Refused: it began none, or another: somebody may have sent it here with a code of theirs.
    """
    flow = _read(gate_of(request).site.cookie(request, FLOW) or "")
    if flow is None or not hmac.compare_digest(flow.state.encode(), state.encode()):
        raise Refused(403, "other_sign_in", "this browser did not begin this sign-in: try again")
    return flow


def _written(flow: Flow) -> str:
    return base64.urlsafe_b64encode(json.dumps(asdict(flow)).encode()).decode()


def _read(cookie: str) -> Flow | None:
    try:
        return Flow(**json.loads(base64.urlsafe_b64decode(cookie.encode())))
    except (binascii.Error, ValueError, TypeError):
        return None
