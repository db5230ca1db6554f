"""Who is of another tenant finds nothing there: not by any route that takes an id."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from console.identity.door import Door
from console.identity.gate import SESSION
from console.identity.passwords import Passwords
from console.identity.secrets import form_token
from moderation.decisions import DecisionKind, Ruling
from moderation.people import Permission, Person, Role, Tenants
from runtime import wiring
from storage.accounts.records import digest
from storage.database import now_utc
from tests.browser.served import FLAGGED, Served, served_console
from tests.unit.console.house import CHEAP, HERE
from tests.unit.runtime.test_console_routes import NEEDS

WITH_IDS = [
    route
    for route in NEEDS
    if re.search(r"\{(upload|verdict|job|person|token|session)", route) and "sign-in" not in route
]
# Says the same whether there was anything or not.
SILENT = {"POST /known-items/{upload_id}/forget"}
NOWHERE = dict.fromkeys(
    ("upload_id", "verdict_id", "job_id", "person_id", "token_id", "session_digest"), "none"
)


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Served]:
    async with served_console(tmp_path) as served:
        yield served


async def test_what_is_another_tenants_is_answered_as_what_is_not_there(console: Served) -> None:
    """Where a route forgets `caller.check_sees`, or `caller.tenants`, the two answers differ."""
    ann = await console.person("ann", Role.ADMIN, Tenants.named("acme"))
    eve = await console.person("eve", Role.ADMIN, Tenants.named("other"))
    found, unproven = [], []
    async with await _browser_of(console, ann) as hers, await _browser_of(console, eve) as foreign:
        for number, route in enumerate(WITH_IDS):
            theirs = await _things_of(console, ann, number)
            answer = await _answer(foreign, route, theirs)
            if answer != await _answer(foreign, route, NOWHERE):
                found.append((route, answer))
            if route not in SILENT and answer == await _answer(hers, route, theirs):
                unproven.append((route, answer))
    assert found == []
    assert unproven == [], "nothing is found for whose it is either"


async def _things_of(console: Served, person: Person, number: int) -> dict[str, str]:
    """Ids: of an upload that they decided about, and of a person, a token and a session."""
    upload_id = f"u{number}"
    await console.judge(upload_id, *[FLAGGED] * 3)
    await console.store.put(f"media/acme/{upload_id}/clip", b"pixels")
    reviews, accounts = console.kept.reviews, console.kept.accounts
    job = await reviews.queue.next(person.person_id)
    ruling = Ruling(
        kind=DecisionKind.UPHOLD, verdict_id=job.verdict_id, reason="forged_face", token=upload_id
    )
    made = await reviews.decisions.decide(job.job_id, person.person_id, ruling)
    await console.token(person, Permission.UPLOADS_READ)
    token, *_ = await accounts.token_list.tokens()
    other = await _door(console).open(person, HERE)
    bob = await console.person(f"bob-{number}", Role.VIEWER, person.tenants)
    return {
        "upload_id": upload_id,
        "verdict_id": job.verdict_id,
        "job_id": job.job_id,
        "person_id": bob.person_id,
        "token_id": token.token_id,
        "session_digest": digest(other),
        "decision": made.decision.decision_id,
    }


def _door(console: Served) -> Door:
    return Door(
        console.kept.accounts,
        passwords=Passwords(CHEAP),
        now=now_utc,
        lifetimes=wiring.lifetimes(console.settings),
    )


async def _browser_of(console: Served, person: Person) -> httpx.AsyncClient:
    secret = await _door(console).open(person, HERE)
    browser = httpx.AsyncClient(base_url=console.url, trust_env=False, timeout=60)
    browser.cookies.set(SESSION, secret)
    browser.headers.update({"Origin": console.url, "X-CSRF-Token": form_token(secret)})
    return browser


async def _answer(
    browser: httpx.AsyncClient, route: str, ids: dict[str, str]
) -> tuple[int, str | None, str]:
    """The code, where it leads to and what it says, apart from the ids."""
    method, path = route.split()
    at = re.sub(r"\{(\w+)\}", lambda found: ids.get(found[1], "0"), path)
    tenant = "other" if ids is NOWHERE else "acme"
    form = {"kind": "uphold", "verdict": "v", "reason": "forged_face", "token": "ab" * 16}
    form |= {"text": "words", "why": "tired", "role": "viewer", "tenants": tenant, "label": "fake"}
    form |= {"decision": ids.get("decision", "none"), "times": "1"}
    sent = {"json": {"text": "words"}} if path.startswith("/v1/") else {"data": form}
    asked = {"decision": form["decision"], "tenant": "acme"}
    answer = await browser.request(method, at, params=asked, **(sent if method == "POST" else {}))
    said = answer.text
    for one in ids.values():
        said = said.replace(one, "…")
    return answer.status_code, answer.headers.get("location"), said
