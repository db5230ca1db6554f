"""The guard of every route: `Depends(require(Permission.X))`, or `open_to_all` with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, cast

from fastapi import APIRouter, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer

from console.faults import Refused
from console.forms import is_form, read_form
from console.identity.callers import Caller
from console.identity.gate import Gate
from console.identity.secrets import is_form_token
from console.identity.site import SAFE_METHODS
from moderation.people import NOT_FOR_TOKENS, Permission, weakest

FORM_FIELD = "csrf"
FORM_HEADER = "x-csrf-token"
_BEARER = HTTPBearer(
    auto_error=False, scheme_name="token", description="An API token, made in the console."
)


class SignInNeeded(Refused):
    """Nobody is signed in."""

    def __init__(self) -> None:
        super().__init__(
            401,
            "sign_in",
            "sign in, or send a token: Authorization: Bearer …",
            headers={"WWW-Authenticate": "Bearer"},
        )


class Guard:
    """Lets in who holds a permission, and hands the route who that is."""

    def __init__(self, permission: Permission, *, from_this_machine: bool) -> None:
        self.permission = permission
        self._from_this_machine = from_this_machine

    async def __call__(
        self, request: Request, _token: Annotated[object, Security(_BEARER)] = None
    ) -> Caller:
        """Recognise the caller, and refuse what they may not.

        Raises:
            Refused: nobody is signed in (401), it is too often (429), a form of another site (403),
                or more than the caller may (403).
        """
        gate = gate_of(request)
        caller = await gate.recognise(request)
        if caller is None:
            return self._without_a_name(request, gate)
        request.state.caller = caller
        gate.count(caller)
        if caller.secret is not None:
            await _check_ours(request, gate, caller.secret)
        if not caller.may(self.permission):
            raise Refused(403, "forbidden", _needed(caller, self.permission))
        return caller

    def _without_a_name(self, request: Request, gate: Gate) -> Caller:
        caller = gate.machine(request) if self._from_this_machine else None
        if caller is None or not caller.may(self.permission):
            gate.count_stranger(request)
            raise SignInNeeded
        if not gate.site.comes_from_us(request):
            raise _other_site()
        return caller


def _needed(caller: Caller, permission: Permission) -> str:
    """Programs are told the scope, and people who may what they may not."""
    if caller.token:
        return f"your token does not allow this: it needs {permission}"
    role = weakest(permission)
    return f"your role does not allow this: it takes {role}, which an administrator can give you"


def require(permission: Permission, *, from_this_machine: bool = False) -> Guard:
    """The dependency that a route states what it needs with.

    `from_this_machine` leaves it open to this machine's own user, where settings do.
    """
    return Guard(permission, from_this_machine=from_this_machine)


async def open_to_all(request: Request) -> None:
    """Mark a route that anybody may ask, and count who does by their address.

    Raises:
        Refused: it is too often (429), or a form of another site (403).
    """
    gate = gate_of(request)
    gate.count_stranger(request)
    if not gate.site.comes_from_us(request):
        raise _other_site()


async def unlimited() -> None:
    """Mark a route that anybody may ask as often as they like: what it answers costs nothing."""


def gate_of(request: Request) -> Gate:
    return cast(Gate, request.app.state.gate)


def caller_of(request: Request) -> Caller | None:
    """Who asks, once a guard has recognised them."""
    return getattr(request.state, "caller", None)


def permission_of(route: APIRoute) -> Permission | None:
    """What a route needs; None where it is open to all.

    Raises:
        LookupError: it has no guard, or more than one.
    """
    found: list[Permission | None] = []
    for dependant in _below(route.dependant):
        if isinstance(dependant.call, Guard):
            found.append(dependant.call.permission)
        elif dependant.call in (open_to_all, unlimited):
            found.append(None)
    if len(found) != 1:
        raise LookupError(f"{route.path} must have one guard, not {len(found)}")
    return found[0]


def scopes_of(routers: Iterable[APIRouter]) -> frozenset[Permission]:
    """What an API token may be made for: what some route asks for, and a token may have."""
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    asked = {permission_of(route) for route in routes}
    return frozenset(one for one in asked if one is not None) - NOT_FOR_TOKENS


def guarded(routes: APIRouter) -> APIRouter:
    """Give the routes back if each of them has a guard: one that is forgotten does not start.

    Raises:
        LookupError: see `permission_of`.
    """
    for route in routes.routes:
        if not isinstance(route, APIRoute):
            raise LookupError(f"{route} is no route that a guard could stand before")
        permission_of(route)
    return routes


def _below(dependant: Dependant) -> Iterator[Dependant]:
    for inner in dependant.dependencies:
        yield inner
        yield from _below(inner)


async def _check_ours(request: Request, gate: Gate, secret: str) -> None:
    """A browser sends its cookie with other sites' forms, too: ours send a token along."""
    if request.method in SAFE_METHODS:
        return
    if not gate.site.comes_from_us(request):
        raise _other_site()
    given = request.headers.get(FORM_HEADER, "")
    if not given and is_form(request):
        given = (await read_form(request)).one(FORM_FIELD)
    if not is_form_token(given, secret):
        raise Refused(403, "stale_form", "this form is not from your session: load the page again")


def _other_site() -> Refused:
    return Refused(403, "other_site", "another site sent this: it was not done")
