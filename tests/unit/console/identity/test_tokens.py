from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest

from console.identity.site import Site
from console.people.tokens import SCOPES
from moderation.people import ALL_TENANTS, NOT_FOR_TOKENS, Permission, Role, Tenants
from storage.accounts.records import digest
from tests.unit.console.house import ACME, House

SUBMIT, READ = Permission.UPLOADS_SUBMIT, Permission.UPLOADS_READ
SECOND = timedelta(seconds=1)


async def submit(program: httpx.AsyncClient, tenant: str = "acme", upload_id: str = "u1") -> int:
    parameters = {"tenant": tenant, "upload_id": upload_id}
    body = {"uri": "https://example.org/a.jpg"}
    return (await program.post("/v1/uploads", params=parameters, json=body)).status_code


async def test_a_token_may_what_its_scopes_say_and_no_more() -> None:
    house = House()
    admin = await house.person(Role.ADMIN)
    sender, reader = await house.program_of(admin, SUBMIT), await house.program_of(admin, READ)

    assert await submit(sender) == 202
    assert await submit(reader) == 403
    assert (await reader.get("/v1/uploads/u1")).status_code == 200
    refused = await sender.get("/v1/uploads/u1")
    assert (refused.status_code, refused.json()["reason"]) == (403, "forbidden")


async def test_a_token_may_no_more_than_the_person_who_made_it_still_may() -> None:
    house = House()
    admin = await house.person(Role.ADMIN, "ann")
    await house.person(Role.ADMIN, "bob")
    program = await house.program_of(admin, SUBMIT, READ)
    assert await submit(program) == 202

    await house.accounts.standings.place(
        admin.person_id, role=Role.VIEWER, tenants=ACME, disabled=False
    )

    assert await submit(program, upload_id="u2") == 403
    assert (await program.get("/v1/uploads/u1")).status_code == 200


async def test_another_tenants_upload_is_neither_sent_nor_seen() -> None:
    house = House()
    ours = await house.program_of(await house.person(Role.ADMIN, "ann"), SUBMIT, READ)
    other = await house.person(Role.ADMIN, "bob", Tenants.named("other"))
    theirs = await house.program_of(other, SUBMIT, READ)
    assert await submit(ours) == 202

    assert await submit(theirs, "acme", "u2") == 403
    unseen = await theirs.get("/v1/uploads/u1")
    missing = await theirs.get("/v1/uploads/u3")
    assert (unseen.status_code, missing.status_code) == (404, 404)
    assert unseen.text.replace("u1", "u3") == missing.text


async def test_what_a_person_and_a_token_do_not_share_is_not_seen() -> None:
    house = House()
    person = await house.person(Role.ADMIN, tenants=ACME)
    await house.person(Role.ADMIN, "bob")
    program = await house.program_of(person, SUBMIT)
    await house.accounts.standings.place(
        person.person_id, role=Role.ADMIN, tenants=Tenants.named("other"), disabled=False
    )

    assert await submit(program) == 401


@pytest.mark.parametrize(
    "given", ["Bearer made-up", "Bearer ", "Basic YTpi", "Bearer " + "x" * 300]
)
async def test_a_token_that_does_not_hold_is_not_overlooked_for_a_cookie(given: str) -> None:
    house = House()
    browser = await house.browser_of(await house.person())
    browser.headers["Authorization"] = given

    answer = await browser.get("/v1/uploads/u1")

    assert (answer.status_code, answer.json()["reason"]) == (401, "bad_token")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(("late", "code"), [(-SECOND, 202), (timedelta(0), 401)])
async def test_a_token_expires(late: timedelta, code: int) -> None:
    house = House()
    program = await house.program_of(await house.person(Role.ADMIN), SUBMIT)

    house.now += timedelta(days=1) + late

    assert await submit(program) == code


def fields(**changes: object) -> dict[str, object]:
    return {"name": "pipeline", "tenants": "acme", "days": "90", "scope": [SUBMIT, READ], **changes}


async def test_a_token_is_shown_once_and_works() -> None:
    house = House()
    browser = await house.browser_of(await house.person(Role.ADMIN))

    shown = await browser.post("/tokens", data=fields())

    secret = shown.text.partition("<code>vst_")[2].partition("</code>")[0]
    [token] = await house.accounts.token_list.tokens()
    assert token.token_digest == digest(f"vst_{secret}")
    assert secret not in (await browser.get("/tokens")).text
    program = house.browser()
    program.headers["Authorization"] = f"Bearer vst_{secret}"
    assert await submit(program) == 202

    await browser.post(f"/tokens/{token.token_id}/revoke")

    assert await submit(program, upload_id="u2") == 401


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"tenants": "other"}, 403),
        ({"tenants": "*"}, 403),
        ({"tenants": ""}, 422),
        ({"scope": []}, 422),
        ({"scope": ["everything"]}, 422),
        *(({"scope": [scope]}, 422) for scope in sorted(NOT_FOR_TOKENS)),
        ({"days": "0"}, 422),
        ({"days": "366"}, 200),
        ({"days": "367"}, 422),
        ({"days": "-1"}, 422),
        ({"name": ""}, 422),
    ],
)
async def test_a_token_may_not_be_more_than_its_maker(change: dict, code: int) -> None:
    house = House()
    browser = await house.browser_of(await house.person(Role.ADMIN))

    assert (await browser.post("/tokens", data=fields(**change))).status_code == code
    assert len(await house.accounts.token_list.tokens()) == (code == 200)


async def test_another_tenants_tokens_are_neither_seen_nor_revoked() -> None:
    house = House()
    theirs = await house.person(Role.ADMIN, "bob", ALL_TENANTS)
    await house.program_of(theirs, SUBMIT)
    browser = await house.browser_of(await house.person(Role.ADMIN))

    assert "program" not in (await browser.get("/tokens")).text
    assert (await browser.post("/tokens/t0/revoke")).status_code == 404
    [token] = await house.accounts.token_list.tokens()
    assert token.revoked_at is None


LOOPBACK = {"host": "127.0.0.1:8700"}


@pytest.mark.parametrize(
    ("site", "address", "headers", "code"),
    [
        (Site(), "127.0.0.1", {}, 202),
        (Site(), "::1", {"host": "localhost:8700"}, 202),
        (Site(loopback=False), "127.0.0.1", LOOPBACK, 401),
        (Site(origin="https://console.example"), "127.0.0.1", LOOPBACK, 401),
        (Site(), "192.0.2.1", {}, 401),
        (Site(), "127.0.0.1", {"host": "rebound.example:8700"}, 401),
        (Site(), "127.0.0.1", {"host": "[127.0.0.1"}, 401),
        (Site(), "127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, 401),
        (Site(), "127.0.0.1", {"origin": "https://evil.example"}, 403),
    ],
)
async def test_uploads_need_no_token_from_this_machine_only(
    site: Site, address: str, headers: dict[str, str], code: int
) -> None:
    house = House(site=site, machine_uploads=True)
    program = house.browser(address)
    del program.headers["Origin"]
    program.headers.update(headers)

    assert await submit(program) == code


async def test_where_settings_say_so_this_machine_needs_a_token_too() -> None:
    assert await submit(House(site=Site(), machine_uploads=False).browser("127.0.0.1")) == 401


async def test_this_machine_may_send_and_look_up_and_nothing_else() -> None:
    program = House(site=Site(), machine_uploads=True).browser("127.0.0.1")

    assert (await program.get("/people")).status_code == 303
    assert (await program.get("/")).status_code == 303


def test_every_scope_is_told_in_words() -> None:
    assert SCOPES.keys() == frozenset(Permission) - NOT_FOR_TOKENS


async def test_what_no_route_asks_for_is_no_scope() -> None:
    house = House()  # without the queue's pages
    browser = await house.browser_of(await house.person(Role.ADMIN))

    offered = re.findall(r'name="scope" value="([^"]+)"', (await browser.get("/tokens")).text)
    refused = await browser.post("/tokens", data=fields(scope=[Permission.DECIDE]))

    assert offered == [Permission.UPLOADS_READ, Permission.UPLOADS_SUBMIT]
    assert refused.status_code == 422
