"""Every route of the application as it is wired, and which role may use it: one table."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Route

from console.app import build_app
from console.appeals.routes import appeals_area
from console.bounds import Bounds
from console.erasure.pages import erasure_area
from console.erasure.routes import erasure_routes
from console.erasure.times import retention_area
from console.identity.door import Door
from console.identity.gate import SESSION
from console.identity.guards import guarded, permission_of
from console.identity.passwords import Passwords
from console.identity.registry import Lifetimes, Registry
from console.identity.secrets import form_token
from console.leading.pages import leads_area
from console.lookalikes.pages import lookalikes_area
from console.shadow.pages import shadow_area
from console.uploads import build_routes
from moderation.people import NOT_FOR_TOKENS, Permission, Role, Tenants, permissions
from moderation.retention import RetentionPlan
from monitoring.health import Health
from runtime import wiring
from runtime.settings import Console, Settings
from storage.accounts.in_memory import accounts_in_memory
from storage.accounts.ports import Accounts
from storage.database import now_utc
from storage.erasure.in_memory import InMemoryErasures
from storage.in_memory import InMemoryLedger, InMemoryMediaStore, Memory
from storage.retention.standings import Standings
from storage.reviews.in_memory_appeals import InMemoryAppeals
from storage.shadow.in_memory import InMemoryShadowScores
from tests.unit.console.house import CHEAP, HERE
from tests.unit.console.review import Review

ALL = None  # open to all
P = Permission
NEEDS: dict[str, Permission | None] = {
    "GET /": P.CONSOLE,
    "GET /assets/{version}/{name}": ALL,
    "GET /accesses": P.AUDIT,
    "GET /erasures": P.ERASURE,
    "POST /erasures": P.ERASURE,
    "POST /erasures/preview": P.ERASURE,
    "GET /figures": P.AGREEMENT,
    "GET /healthz": ALL,
    "GET /known-items": P.KNOWN_ITEMS,
    "POST /known-items": P.KNOWN_ITEMS,
    "POST /known-items/{upload_id}/forget": P.KNOWN_ITEMS,
    "POST /uploads/{upload_id}/reopen": P.UNDO_OTHERS,
    "GET /metrics": ALL,
    "GET /people": P.ACCOUNTS,
    "POST /people": P.ACCOUNTS,
    "POST /people/{person_id}": P.ACCOUNTS,
    "POST /people/{person_id}/disable": P.ACCOUNTS,
    "POST /people/{person_id}/enable": P.ACCOUNTS,
    "POST /people/{person_id}/reset": P.ACCOUNTS,
    "GET /queue": P.QUEUE,
    "POST /queue/next": P.QUEUE,
    "GET /queue/{job_id}": P.QUEUE,
    "POST /queue/{job_id}/renew": P.QUEUE,
    "POST /queue/{job_id}/release": P.QUEUE,
    "POST /queue/{job_id}/skip": P.QUEUE,
    "POST /queue/{job_id}/decide": P.DECIDE,
    "GET /queue/{job_id}/decided": P.DECIDE,
    "POST /queue/{job_id}/undo": P.DECIDE,
    "GET /readyz": ALL,
    "GET /retention": P.RETENTION,
    "GET /sessions": P.ACCOUNTS,
    "POST /sessions/{session_digest}/end": P.ACCOUNTS,
    "GET /sign-in": ALL,
    "POST /sign-in": ALL,
    "GET /sign-in/link/{token}": ALL,
    "POST /sign-in/link/{token}": ALL,
    "GET /sign-in/provider": ALL,
    "GET /sign-in/provider/back": ALL,
    "POST /sign-out": P.CONSOLE,
    "GET /tokens": P.TOKENS,
    "POST /tokens": P.TOKENS,
    "POST /tokens/{token_id}/revoke": P.TOKENS,
    "GET /uploads": P.UPLOADS_READ,
    "GET /uploads.csv": P.EXPORT,
    "GET /uploads.parquet": P.EXPORT,
    "POST /uploads/saved": P.UPLOADS_READ,
    "POST /uploads/saved/forget": P.UPLOADS_READ,
    "GET /uploads/{upload_id}": P.UPLOADS_READ,
    "GET /uploads/{upload_id}/lookalikes": P.UPLOADS_READ,
    "POST /uploads/{upload_id}/lookalikes/decide": P.CLUSTERS,
    "POST /uploads/{upload_id}/comments": P.COMMENT,
    "GET /uploads/{upload_id}/verdicts/{verdict_id}": P.UPLOADS_READ,
    "GET /uploads/{upload_id}/media": P.REVEAL,
    "GET /uploads/{upload_id}/verdicts/{verdict_id}/crops/{crop_id}": P.UPLOADS_READ,
    "GET /uploads/{upload_id}/verdicts/{verdict_id}/poster": P.UPLOADS_READ,
    "GET /uploads/{upload_id}/verdicts/{verdict_id}/tracks/{track_id}/crops": P.UPLOADS_READ,
    "GET /shadow": P.AGREEMENT,
    "GET /v1/erasures": P.ERASURE,
    "DELETE /v1/uploaders": P.ERASURE,
    "POST /v1/uploads": P.UPLOADS_SUBMIT,
    "DELETE /v1/uploads/{upload_id}": P.ERASURE,
    "GET /v1/uploads/{upload_id}": P.UPLOADS_READ,
    "POST /v1/uploads/{upload_id}/appeals": P.APPEALS_SUBMIT,
    "GET /you": P.CONSOLE,
    "POST /you/password": P.CONSOLE,
    "GET /you/viewing": P.CONSOLE,
    "POST /you/viewing": P.CONSOLE,
    "POST /you/sessions/end-others": P.CONSOLE,
    "POST /you/sessions/{session_digest}/end": P.CONSOLE,
}
GUARDED = [route for route, needed in NEEDS.items() if needed is not ALL]
# Beside what has a guard: the document of the API, which is public as this code is.
UNGUARDED = {"/openapi.json"}
SETTINGS = Settings(
    console=Console(provider_issuer="https://id.example", uploads_without_token=False)
)


@pytest.fixture
def accounts() -> Accounts:
    return accounts_in_memory()


@pytest.fixture
async def app(accounts: Accounts) -> AsyncIterator[FastAPI]:
    uploads = build_routes(
        InMemoryLedger(Memory()), InMemoryMediaStore(), _accept, bounds=Bounds(max_bytes=1)
    )
    review = Review(accounts)
    areas = (
        appeals_area(InMemoryAppeals(review.memory), bounds=Bounds(max_bytes=1)),
        *wiring.moderators_areas(review.desk, review.search_desk),
        lookalikes_area(review.cluster_desk),
        leads_area(review.lead_desk),
        shadow_area(InMemoryShadowScores(set()), now=now_utc),
        erasure_area(InMemoryErasures(review.memory)),
        erasure_routes(InMemoryErasures(review.memory)),
        retention_area(RetentionPlan(), nothing_ended),
    )
    async with wiring.open_console(SETTINGS, accounts, uploads, areas) as console:
        yield build_app(Health(), version="1", gate=console.gate, areas=console.areas)


async def nothing_ended() -> Standings:
    return {}


async def _accept(_upload: object) -> bool:
    return True


def routes_below(routes: list[BaseRoute]) -> Iterator[BaseRoute]:
    """All routes, those of routers that were included, too."""
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is None:
            yield route
        else:
            yield from routes_below(included.routes)


def test_every_route_needs_what_the_table_says(app: FastAPI) -> None:
    found: dict[str, Permission | None] = {}
    for route in routes_below(app.routes):
        assert isinstance(route, Route)
        if route.path in UNGUARDED:
            continue
        assert isinstance(route, APIRoute), route
        for method in route.methods - {"HEAD"}:
            found[f"{method} {route.path}"] = permission_of(route)

    assert found == NEEDS


def test_a_token_may_be_made_for_what_routes_ask_for(app: FastAPI) -> None:
    asked = {permission for permission in NEEDS.values() if permission is not ALL}

    assert app.state.scopes == asked - NOT_FOR_TOKENS


def filled(path: str) -> str:
    return re.sub(r"\{\w+\}", "any", path)


def client(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    base = "http://127.0.0.1:8700"
    return httpx.AsyncClient(transport=transport, base_url=base, headers={"Origin": base})


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_may_use_the_routes_of_its_permissions_and_no_others(
    app: FastAPI, accounts: Accounts, role: Role
) -> None:
    registry, door = _registry_and_door(accounts)
    person = await registry.add("ann", role=role, tenants=Tenants.named("acme"))
    for route in GUARDED:
        method, path = route.split()
        secret = await door.open(person, HERE)
        browser = client(app)
        browser.cookies.set(SESSION, secret)
        browser.headers["X-CSRF-Token"] = form_token(secret)

        answer = await browser.request(method, filled(path))

        refused = answer.status_code == 403 and "does not allow this" in answer.text
        assert refused is (NEEDS[route] not in permissions(role)), route


def _registry_and_door(accounts: Accounts) -> tuple[Registry, Door]:
    lives = Lifetimes()
    return (
        Registry(accounts, now=now_utc, lifetimes=lives),
        Door(accounts, passwords=Passwords(CHEAP), now=now_utc, lifetimes=lives),
    )


async def test_a_stranger_may_use_no_route_that_has_a_guard(app: FastAPI) -> None:
    for route in GUARDED:
        method, path = route.split()

        answer = await client(app).request(method, filled(path))

        if path.startswith("/v1/"):
            assert (answer.status_code, answer.json()["reason"]) == (401, "sign_in"), route
        else:
            assert answer.status_code == 303, route
            assert answer.headers["location"].startswith("/sign-in"), route


def test_a_route_that_declares_no_permission_does_not_start() -> None:
    routes = APIRouter()

    @routes.get("/forgotten")
    async def forgotten() -> None: ...

    with pytest.raises(LookupError, match="/forgotten"):
        guarded(routes)
