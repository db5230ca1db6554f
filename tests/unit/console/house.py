"""The whole console over memory: its people, a clock that is moved, and browsers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import httpx
from argon2 import PasswordHasher
from fastapi import APIRouter

from console.app import build_app
from console.areas import Area
from console.bounds import Bounds
from console.identity.door import Door, Origin
from console.identity.gate import SESSION, Gate, Limits
from console.identity.own_pages import own_pages
from console.identity.pages import sign_in_pages
from console.identity.passwords import Passwords
from console.identity.registry import Lifetimes, Registry
from console.identity.secrets import form_token, new_token
from console.identity.site import Site
from console.limits import RateLimit
from console.people.pages import people_area
from console.people.sessions import sessions_area
from console.people.tokens import tokens_area
from console.uploads import build_routes
from moderation.people import Permission, Person, Role, Tenants
from monitoring.health import Health
from storage.accounts.in_memory import accounts_in_memory
from storage.accounts.records import ApiToken, digest
from storage.in_memory import InMemoryLedger, InMemoryMediaStore, Memory
from streams.intake import Deadlines, Intake
from streams.topics import Topics

ORIGIN = "https://console.example"
PASSWORD = "correct horse battery"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
HERE = Origin(address="192.0.2.1", browser="Netscape")
ACME = Tenants.named("acme")


class House:
    """One console. Tests move `now`."""

    def __init__(
        self,
        *,
        site: Site | None = None,
        limits: Limits | None = None,
        machine_uploads: bool = False,
        impression_first: bool = False,
        more: Sequence[APIRouter] = (),
        areas: Callable[[House], Sequence[Area]] = lambda _house: (),
        hasher: PasswordHasher = CHEAP,
        passwords: bool = True,
    ) -> None:
        self.now = NOON
        self.site = site or Site(origin=ORIGIN)
        self.lifetimes = Lifetimes()
        self.accounts = accounts_in_memory()
        self.memory = Memory()
        self.ledger = InMemoryLedger(self.memory)
        clock = self.clock
        self.door = Door(
            self.accounts, passwords=Passwords(hasher), now=clock, lifetimes=self.lifetimes
        )
        self.registry = Registry(self.accounts, now=clock, lifetimes=self.lifetimes)
        self.limits = limits or _generous()
        self.gate = Gate(
            site=self.site,
            sessions=self.accounts.sessions,
            tokens=self.accounts.tokens,
            now=clock,
            idle=self.lifetimes.idle,
            machine_uploads=machine_uploads,
            limits=self.limits,
        )
        deadlines = Deadlines(live=timedelta(minutes=1), backfill=timedelta(hours=1))
        intake = Intake(self.ledger, Topics("test"), deadlines)
        uploads = build_routes(
            self.ledger,
            InMemoryMediaStore(),
            intake.accept,
            bounds=Bounds(max_bytes=1000),
            impression_first=impression_first,
        )
        self.routers = [
            uploads,
            own_pages(self.accounts, self.door, now=clock),
            sign_in_pages(self.door, provider=None, local=passwords),
            *more,
        ]
        self.areas = [
            *(Area(routes=routes) for routes in self.routers),
            people_area(self.accounts, self.registry),
            tokens_area(self.accounts, now=clock),
            sessions_area(self.accounts, now=clock),
            *areas(self),
        ]
        self.app = build_app(Health(), version="1", gate=self.gate, areas=self.areas)

    def clock(self) -> datetime:
        return self.now

    def browser(self, address: str = "192.0.2.1") -> httpx.AsyncClient:
        """A browser without a session; it sends the Origin of the console's own pages."""
        transport = httpx.ASGITransport(
            self.app, raise_app_exceptions=False, client=(address, 4711)
        )
        base = self.site.origin or "http://127.0.0.1:8700"
        return httpx.AsyncClient(transport=transport, base_url=base, headers={"Origin": base})

    async def person(
        self, role: Role = Role.VIEWER, name: str = "ann", tenants: Tenants = ACME
    ) -> Person:
        """Somebody with the password PASSWORD."""
        person = await self.registry.add(name, role=role, tenants=tenants)
        await self.accounts.standings.set_password(person.person_id, CHEAP.hash(PASSWORD))
        return person

    async def browser_of(self, person: Person) -> httpx.AsyncClient:
        """A browser that is signed in, and sends the form's token as HTMX does."""
        secret = await self.door.open(person, HERE)
        browser = self.browser()
        browser.cookies.set(self.site.cookie_name(SESSION), secret)
        browser.headers["X-CSRF-Token"] = form_token(secret)
        return browser

    async def program_of(self, person: Person, *scopes: Permission) -> httpx.AsyncClient:
        """A program with a token of that person."""
        secret = new_token()
        count = len(await self.accounts.token_list.tokens())
        await self.accounts.tokens.add(
            ApiToken(
                token_id=f"t{count}",
                token_digest=digest(secret),
                name="program",
                person_id=person.person_id,
                scopes=frozenset(scopes),
                tenants=person.tenants,
                created_at=self.now,
                expires_at=self.now + timedelta(days=1),
            )
        )
        program = self.browser()
        del program.headers["Origin"]
        program.headers["Authorization"] = f"Bearer {secret}"
        return program


async def sign_in(
    browser: httpx.AsyncClient, name: str = "ann", password: str = PASSWORD, to: str = "/"
) -> httpx.Response:
    """Load the form and send it, as a person does."""
    form = await browser.get("/sign-in", params={"to": to})
    token = form.text.partition('name="csrf" value="')[2].partition('"')[0]
    sent = {"csrf": token, "name": name, "password": password, "to": to}
    return await browser.post("/sign-in", data=sent)


def _generous() -> Limits:
    def limit() -> RateLimit:
        return RateLimit(per_second=1e6, burst=10**6)

    return Limits(people=limit(), tokens=limit(), strangers=limit())
