from __future__ import annotations

import httpx
import pytest

from moderation.people import ALL_TENANTS, Person, Role, Tenants
from storage.accounts.records import Identity, digest
from tests.unit.console.house import ACME, House

OTHER = Tenants.named("other")


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
async def admin(house: House) -> httpx.AsyncClient:
    return await house.browser_of(await house.person(Role.ADMIN, "ann"))


async def now(house: House, name: str) -> Person:
    return (await house.accounts.people.find(name=name)).person


async def test_an_invited_person_comes_in_by_the_link_that_is_shown(
    house: House, admin: httpx.AsyncClient
) -> None:
    fields = {"name": " Bob ", "role": "moderator", "tenants": "acme"}

    shown = await admin.post("/people", data=fields)

    link = shown.text.partition("<code>")[2].partition("</code>")[0]
    assert link.startswith("https://console.example/sign-in/link/")
    assert (await house.browser().get(link)).status_code == 200
    bob = await now(house, "bob")
    assert (bob.role, bob.tenants) == (Role.MODERATOR, ACME)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": "ann"}, 409),
        ({"name": ""}, 422),
        ({"name": "x" * 129}, 422),
        ({"role": "root"}, 422),
        ({"tenants": ""}, 422),
        ({"tenants": "a/b"}, 422),
        ({"tenants": "other"}, 403),
        ({"tenants": "*"}, 403),
    ],
)
async def test_nobody_is_invited_as_more_than_who_invites(
    house: House, admin: httpx.AsyncClient, fields: dict[str, str], code: int
) -> None:
    sent = {"name": "bob", "role": "viewer", "tenants": "acme", **fields}

    assert (await admin.post("/people", data=sent)).status_code == code
    assert len(await house.accounts.people.everyone()) == 1


async def test_a_role_and_tenants_are_changed(house: House, admin: httpx.AsyncClient) -> None:
    bob = await house.person(Role.VIEWER, "bob")

    answer = await admin.post(f"/people/{bob.person_id}", data={"role": "lead", "tenants": "acme"})

    assert answer.status_code == 303
    assert (await now(house, "bob")).role is Role.LEAD


async def test_who_is_disabled_is_out_until_enabled(house: House, admin: httpx.AsyncClient) -> None:
    bob = await house.person(Role.VIEWER, "bob")
    browser = await house.browser_of(bob)

    await admin.post(f"/people/{bob.person_id}/disable")
    assert (await browser.get("/")).status_code == 303
    assert (await now(house, "bob")).disabled

    await admin.post(f"/people/{bob.person_id}/enable")
    assert not (await now(house, "bob")).disabled


@pytest.mark.parametrize("tenants", [OTHER, ALL_TENANTS])
@pytest.mark.parametrize("what", ["", "/disable", "/enable", "/reset"])
async def test_people_of_other_tenants_are_neither_seen_nor_changed(
    house: House, admin: httpx.AsyncClient, tenants: Tenants, what: str
) -> None:
    bob = await house.person(Role.VIEWER, "bob", tenants)

    answer = await admin.post(
        f"/people/{bob.person_id}{what}", data={"role": "admin", "tenants": "acme"}
    )

    assert answer.status_code == 404
    assert await now(house, "bob") == bob
    assert "bob" not in (await admin.get("/people")).text


@pytest.mark.parametrize("what", ["", "/disable", "/reset"])
async def test_nobody_locks_themselves_out(
    house: House, admin: httpx.AsyncClient, what: str
) -> None:
    ann = await now(house, "ann")

    answer = await admin.post(
        f"/people/{ann.person_id}{what}", data={"role": "viewer", "tenants": "acme"}
    )

    assert answer.status_code == 409
    assert await now(house, "ann") == ann


async def test_a_session_is_ended_by_an_admin(house: House, admin: httpx.AsyncClient) -> None:
    browser = await house.browser_of(await house.person(Role.VIEWER, "bob"))
    session = digest(browser.cookies["__Host-veriscope"])
    assert "bob" in (await admin.get("/sessions")).text

    assert (await admin.post(f"/sessions/{session}/end")).status_code == 303

    assert (await browser.get("/")).status_code == 303


async def test_a_session_of_another_tenants_person_is_not_ended(
    house: House, admin: httpx.AsyncClient
) -> None:
    browser = await house.browser_of(await house.person(Role.VIEWER, "bob", OTHER))
    session = digest(browser.cookies["__Host-veriscope"])

    assert (await admin.post(f"/sessions/{session}/end")).status_code == 404

    assert (await browser.get("/")).status_code == 200


async def test_an_account_of_the_provider_is_given_no_password(
    house: House, admin: httpx.AsyncClient
) -> None:
    identity = Identity(issuer="https://id.example", subject="7")
    bob = await house.door.by_identity(identity, name="bob", role=Role.VIEWER, tenants=ACME)

    assert (await admin.post(f"/people/{bob.person_id}/reset")).status_code == 409
