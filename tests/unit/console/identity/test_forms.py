"""Forms of other sites, forms of other sessions, and forms that are too large."""

from __future__ import annotations

import httpx
import pytest

from console.identity.secrets import form_token
from moderation.people import Role
from tests.unit.console.house import House

HARMLESS = "/you/sessions/end-others"


async def post(browser: httpx.AsyncClient, **headers: str | None) -> int:
    """Send a form with those headers; None leaves one out."""
    for name, value in headers.items():
        browser.headers.pop(name, None)
        if value is not None:
            browser.headers[name] = value
    return (await browser.post(HARMLESS)).status_code


@pytest.fixture
async def browser() -> httpx.AsyncClient:
    house = House()
    return await house.browser_of(await house.person())


async def test_a_form_of_ones_own_session_is_taken(browser: httpx.AsyncClient) -> None:
    assert await post(browser) == 303


@pytest.mark.parametrize("token", [None, "", "made up", form_token("another session")])
async def test_a_form_without_the_sessions_token_is_refused(
    browser: httpx.AsyncClient, token: str | None
) -> None:
    assert await post(browser, **{"X-CSRF-Token": token}) == 403


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://console.example", "https://console.example:444"],
)
async def test_what_another_site_sends_is_refused_even_with_the_token(
    browser: httpx.AsyncClient, origin: str
) -> None:
    assert await post(browser, Origin=origin) == 403


@pytest.mark.parametrize(
    ("site", "code"), [("cross-site", 403), ("same-site", 403), ("same-origin", 303), (None, 303)]
)
async def test_without_an_origin_the_browser_says_which_site_it_was(
    browser: httpx.AsyncClient, site: str | None, code: int
) -> None:
    assert await post(browser, **{"Origin": None, "Sec-Fetch-Site": site}) == code


async def test_a_token_in_another_alphabet_is_refused(browser: httpx.AsyncClient) -> None:
    del browser.headers["X-CSRF-Token"]

    assert (await browser.post(HARMLESS, data={"csrf": "\u03b1"})).status_code == 403


async def test_the_token_may_stand_in_the_form(browser: httpx.AsyncClient) -> None:
    token = browser.headers.pop("X-CSRF-Token")

    answer = await browser.post(HARMLESS, data={"csrf": token})

    assert answer.status_code == 303


async def test_every_page_carries_the_token_of_its_session(browser: httpx.AsyncClient) -> None:
    token = browser.headers["X-CSRF-Token"]
    text = (await browser.get("/you")).text

    assert f'hx-headers=\'{{"X-CSRF-Token": "{token}"}}\'' in text
    assert text.count("<form") == text.count(f'name="csrf" value="{token}"')


@pytest.mark.parametrize(("size", "code"), [(60_000, 303), (70_000, 413)])
async def test_a_form_that_is_too_large_is_refused(
    browser: httpx.AsyncClient, size: int, code: int
) -> None:
    token = browser.headers.pop("X-CSRF-Token")

    answer = await browser.post(HARMLESS, data={"csrf": token, "filler": "x" * size})

    assert answer.status_code == code


async def test_a_form_with_very_many_fields_is_refused(browser: httpx.AsyncClient) -> None:
    del browser.headers["X-CSRF-Token"]

    answer = await browser.post(HARMLESS, data={f"f{n}": "" for n in range(501)})

    assert answer.status_code == 400


async def test_a_token_of_a_program_needs_no_form_token() -> None:
    from moderation.people import Permission

    house = House()
    admin = await house.person(Role.ADMIN)
    program = await house.program_of(admin, Permission.UPLOADS_SUBMIT)

    answer = await program.post(
        "/v1/uploads", params={"tenant": "acme"}, json={"uri": "https://example.org/a.jpg"}
    )

    assert answer.status_code == 202
