"""Signing in at a provider that really runs, on loopback, with keys of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import ECKey

from console.identity.claims import GroupMeaning
from console.identity.provider import Client, Provider
from console.identity.provider_pages import Reading, provider_pages
from moderation.people import Role, Tenants
from tests.parts.provider import CLIENT, SECRET, TinyProvider, tiny_provider
from tests.unit.console.house import ACME, ORIGIN, House, sign_in

READING = Reading(
    groups={
        "staff": GroupMeaning(role=Role.MODERATOR, tenants=ACME),
        "leads": GroupMeaning(role=Role.LEAD, tenants=Tenants.named("other")),
    }
)


@dataclass
class Setting:
    provider: TinyProvider
    house: House
    browser: httpx.AsyncClient

    async def go(self) -> httpx.Response:
        """Be sent off, and let the provider send back; not yet back at the console."""
        off = await self.browser.get("/sign-in/provider", params={"to": "/you"})
        async with httpx.AsyncClient(trust_env=False) as elsewhere:
            return await elsewhere.get(off.headers["location"])

    async def sign_in(self) -> httpx.Response:
        return await self.browser.get((await self.go()).headers["location"])


@pytest.fixture
async def setting() -> AsyncIterator[Setting]:
    async with tiny_provider() as provider, httpx.AsyncClient(trust_env=False) as http:
        house = House()
        client = Client(issuer=provider.url, client_id=CLIENT, secret=SECRET)
        routes = provider_pages(Provider(client, http), house.door, READING)
        house.app.include_router(routes)
        yield Setting(provider, house, house.browser())


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_who_signs_in_there_is_known_here_with_the_role_of_their_group(
    setting: Setting, method: str
) -> None:
    setting.provider.methods = [method]

    answer = await setting.sign_in()

    assert (answer.status_code, answer.headers["location"]) == (303, "/you")
    assert "moderator" in (await setting.browser.get("/you")).text
    [account] = await setting.house.accounts.people.everyone()
    assert (account.person.name, account.person.tenants) == ("ann", ACME)
    assert account.password_hash is None


async def test_where_one_is_sent_off_to_names_no_secret_and_leads_back_here(
    setting: Setting,
) -> None:
    off = await setting.browser.get("/sign-in/provider")
    asked = parse_qs(urlsplit(off.headers["location"]).query)

    assert asked["redirect_uri"] == [f"{ORIGIN}/sign-in/provider/back"]
    assert SECRET not in off.headers["location"]
    assert {"state", "nonce", "code_challenge"} <= set(asked)
    assert "httponly" in off.headers["set-cookie"].lower()


async def test_signing_in_again_follows_the_groups(setting: Setting) -> None:
    await setting.sign_in()
    setting.provider.claims["groups"] = ["staff", "leads"]

    await setting.sign_in()

    [account] = await setting.house.accounts.people.everyone()
    assert (account.person.role, account.person.tenants) == (Role.LEAD, Tenants.named("other"))


@pytest.mark.parametrize("groups", [[], ["strangers"], None, {"staff": True}])
async def test_who_is_in_no_group_of_ours_is_refused(setting: Setting, groups: object) -> None:
    setting.provider.claims["groups"] = groups

    assert (await setting.sign_in()).status_code == 403
    assert await setting.house.accounts.people.everyone() == []


@pytest.mark.parametrize(
    "change",
    [
        {"nonce": "another"},
        {"aud": "another client"},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"iss": "https://another.example"},
        {"exp": 1_600_000_000},
        {"at_hash": "another"},
    ],
)
async def test_a_token_that_is_not_for_this_sign_in_is_refused(
    setting: Setting, change: dict[str, object]
) -> None:
    setting.provider.change = change

    assert (await setting.sign_in()).status_code == 401
    assert (await setting.browser.get("/you")).status_code == 303


async def test_a_token_that_somebody_else_signed_is_refused(setting: Setting) -> None:
    setting.provider.key = ECKey.generate_key("P-256", {"kid": "k1"})

    assert (await setting.sign_in()).status_code == 401


async def test_a_new_key_of_the_provider_is_found(setting: Setting) -> None:
    await setting.sign_in()
    setting.provider.key = ECKey.generate_key("P-256", {"kid": "k2"})
    assert (await setting.sign_in()).status_code == 401

    setting.provider.shown = setting.provider.key

    assert (await setting.sign_in()).status_code == 303


async def test_a_code_that_another_browser_fetched_is_refused(setting: Setting) -> None:
    """Somebody could send a link that ends in a sign-in to their account (login forgery)."""
    back = (await setting.go()).headers["location"]
    victim = setting.house.browser()

    assert (await victim.get(back)).status_code == 403
    await victim.get("/sign-in/provider")
    assert (await victim.get(back)).status_code == 403


async def test_a_code_is_good_once(setting: Setting) -> None:
    back = (await setting.go()).headers["location"]
    flow = dict(setting.browser.cookies)
    assert (await setting.browser.get(back)).status_code == 303

    setting.browser.cookies.update(flow)

    assert (await setting.browser.get(back)).status_code == 401


async def test_a_provider_that_names_another_issuer_is_not_asked_for_more(
    setting: Setting,
) -> None:
    setting.provider.issuer = "https://another.example"

    assert (await setting.browser.get("/sign-in/provider")).status_code == 503


async def test_a_provider_that_is_down_is_said_to_be() -> None:
    house = House()
    async with httpx.AsyncClient(trust_env=False) as http:
        down = Provider(Client(issuer="http://127.0.0.1:9", client_id=CLIENT), http)
        house.app.include_router(provider_pages(down, house.door, READING))

        assert (await house.browser().get("/sign-in/provider")).status_code == 503


async def test_who_is_disabled_here_does_not_come_in_by_the_provider(setting: Setting) -> None:
    await setting.sign_in()
    [account] = await setting.house.accounts.people.everyone()
    person = account.person
    await setting.house.accounts.standings.place(
        person.person_id, role=person.role, tenants=person.tenants, disabled=True
    )

    assert (await setting.sign_in()).status_code == 403
    assert (await setting.browser.get("/you")).status_code == 303


async def test_a_name_that_a_local_account_has_is_not_taken_over(setting: Setting) -> None:
    local = await setting.house.person(Role.ADMIN, "ann")

    assert (await setting.sign_in()).status_code == 409
    assert (await sign_in(setting.house.browser())).status_code == 303
    assert (await setting.house.accounts.people.find(name="ann")).person == local
