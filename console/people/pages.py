"""People: inviting them, what they are, and keeping them out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Request, Response

from console.areas import Area, Link
from console.faults import Refused
from console.forms import Form, read_form
from console.identity.callers import Caller
from console.identity.guards import gate_of, require
from console.identity.registry import Registry, invitation_path
from console.pages import go_to, page
from moderation.errors import UnknownPerson
from moderation.people import Permission, Person, Role, Tenants
from storage.accounts.ports import Accounts
from storage.accounts.records import Account

log = structlog.get_logger()

Admin = Annotated[Caller, Depends(require(Permission.ACCOUNTS))]
LINK = Link(
    path="/people",
    words="People",
    purpose="Invite people, say what they may, and keep them out.",
    permission=Permission.ACCOUNTS,
)


def people_area(accounts: Accounts, registry: Registry) -> Area:
    """Make the pages. Nobody manages, or makes, somebody who sees more tenants than they do."""
    routes = APIRouter(include_in_schema=False)
    desk = _Desk(accounts, registry)

    @routes.get("/people")
    async def everyone(request: Request, caller: Admin) -> Response:
        return await desk.list(request, caller)

    @routes.post("/people")
    async def invite(request: Request, caller: Admin) -> Response:
        sent = await read_form(request)
        try:
            placed = _placed(sent, caller)
            person = await registry.add(sent.one("name"), role=placed.role, tenants=placed.tenants)
        except ValueError as error:
            raise Refused(422, "bad_request", str(error)) from error
        log.info("person.added", person=person.person_id, by=caller.somebody.person_id)
        return await desk.show_link(request, person)

    @routes.post("/people/{person_id}")
    async def change(request: Request, person_id: str, caller: Admin) -> Response:
        person = (await desk.managed(person_id, caller)).person
        placed = _placed(await read_form(request), caller)
        await desk.place(replace(person, role=placed.role, tenants=placed.tenants), caller)
        return go_to("/people")

    @routes.post("/people/{person_id}/disable")
    async def disable(person_id: str, caller: Admin) -> Response:
        person = (await desk.managed(person_id, caller)).person
        await desk.place(replace(person, disabled=True), caller)
        return go_to("/people")

    @routes.post("/people/{person_id}/enable")
    async def enable(person_id: str, caller: Admin) -> Response:
        person = (await desk.managed(person_id, caller)).person
        await desk.place(replace(person, disabled=False), caller)
        return go_to("/people")

    @routes.post("/people/{person_id}/reset")
    async def reset(request: Request, person_id: str, caller: Admin) -> Response:
        """Make a link for a new password; the old one, and sessions, hold until it is used."""
        account = await desk.managed(person_id, caller)
        if account.identity is not None:
            raise Refused(409, "by_provider", "this account signs in at the provider only")
        log.info("person.reset", person=person_id, by=caller.somebody.person_id)
        return await desk.show_link(request, account.person)

    return Area(routes=routes, links=[LINK])


@dataclass(frozen=True, slots=True)
class _Place:
    role: Role
    tenants: Tenants


class _Desk:
    def __init__(self, accounts: Accounts, registry: Registry) -> None:
        self._accounts = accounts
        self._registry = registry

    async def list(self, request: Request, caller: Caller) -> Response:
        every = await self._accounts.people.everyone()
        return page(
            request,
            "people/list.html",
            accounts=[one for one in every if caller.tenants.cover(one.person.tenants)],
            roles=list(Role),
        )

    async def managed(self, person_id: str, caller: Caller) -> Account:
        """Somebody whom the caller manages.

        Raises:
            UnknownPerson: there is nobody, or they see tenants that the caller does not.
            Refused: it is the caller: nobody should lock themselves out by a slip.
        """
        account = await self._accounts.people.find(person_id=person_id)
        if account is None or not caller.tenants.cover(account.person.tenants):
            raise UnknownPerson
        if account.person.person_id == caller.somebody.person_id:
            raise Refused(409, "yourself", "ask another administrator to change your own account")
        return account

    async def place(self, person: Person, caller: Caller) -> None:
        await self._accounts.standings.place(
            person.person_id, role=person.role, tenants=person.tenants, disabled=person.disabled
        )
        log.info(
            "person.placed",
            person=person.person_id,
            role=person.role.value,
            disabled=person.disabled,
            by=caller.somebody.person_id,
        )

    async def show_link(self, request: Request, person: Person) -> Response:
        token = await self._registry.invite(person)
        link = gate_of(request).site.own_origin(request) + invitation_path(token)
        return page(request, "people/link.html", person=person, link=link)


def _placed(sent: Form, caller: Caller) -> _Place:
    """What a form says somebody is to be.

    Raises:
        Refused: it is no role or no tenant (422), or one that the caller does not see (403).
    """
    try:
        role = Role(sent.one("role"))
        tenants = Tenants(sent.words("tenants"))
    except ValueError as error:
        raise Refused(422, "bad_request", str(error)) from error
    if not caller.tenants.cover(tenants):
        raise Refused(403, "other_tenant", "you cannot give tenants that you do not see")
    return _Place(role, tenants)
