"""What every page is sent with, how failures are told, and files of our own."""

from __future__ import annotations

import hashlib
import re
from typing import Annotated
from urllib.parse import quote

import httpx
import pytest
from fastapi import APIRouter, Depends, Request, Response
from jinja2 import UndefinedError

from console.identity.callers import Caller
from console.identity.guards import open_to_all, require
from console.identity.site import Site
from console.pages import page
from console.static import FOLDER, Assets
from moderation.errors import Inconsistent, LedgerUnavailable
from moderation.people import Permission, Role
from tests.unit.console.house import House

SCRIPT = "<script>alert(1)"


def more_routes() -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/told/{words}")
    async def told(
        request: Request,
        words: str,
        _caller: Annotated[Caller, Depends(require(Permission.CONSOLE))],
    ) -> Response:
        return page(request, "error.html", title=words, detail=words)

    @routes.get("/broken", dependencies=[Depends(open_to_all)])
    async def broken() -> Response:
        raise Inconsistent("a secret detail")

    @routes.get("/down", dependencies=[Depends(open_to_all)])
    async def down() -> Response:
        raise LedgerUnavailable("a secret detail")

    return routes


@pytest.fixture
def house() -> House:
    return House(more=[more_routes()])


@pytest.fixture
async def browser(house: House) -> httpx.AsyncClient:
    return await house.browser_of(await house.person(Role.ADMIN))


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nothing", "/v1/uploads/u1", "/metrics"])
async def test_every_answer_says_what_a_browser_may_do_with_it(
    browser: httpx.AsyncClient, path: str
) -> None:
    headers = (await browser.get(path)).headers

    policy = dict(part.strip().partition(" ")[::2] for part in headers[POLICY].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in headers[POLICY]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert headers["cache-control"] == "no-store"
    assert "max-age" in headers["strict-transport-security"]


POLICY = "content-security-policy"


async def test_on_loopback_browsers_are_not_told_to_insist_on_https() -> None:
    answer = await House(site=Site()).browser().get("/sign-in")

    assert "strict-transport-security" not in answer.headers


async def test_no_page_holds_code_or_style_that_the_policy_forbids(
    house: House, browser: httpx.AsyncClient
) -> None:
    for path in ("/", "/you", "/people", "/tokens", "/sessions", "/nothing"):
        text = (await browser.get(path)).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", text), path
        assert not re.search(r'(?:src|href)="(?:https?:)?//', text), path


async def test_what_others_wrote_is_shown_as_text(browser: httpx.AsyncClient) -> None:
    text = (await browser.get(f"/told/{quote(SCRIPT)}")).text

    assert SCRIPT not in text
    assert "&lt;script&gt;" in text


async def test_a_name_that_a_template_is_not_given_fails(house: House) -> None:
    template = house.app.state.pages.environment.from_string("{{ forgotten }}")

    with pytest.raises(UndefinedError):
        template.render()


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        ("/nothing", 404, "There is nothing here"),
        ("/broken", 500, "That did not work"),
        ("/down", 503, "Not now"),
        ("/told", 404, "Nothing here"),
    ],
)
async def test_a_page_that_fails_says_so_in_words(
    browser: httpx.AsyncClient, path: str, code: int, words: str
) -> None:
    answer = await browser.get(path)

    assert answer.status_code == code
    assert answer.headers["content-type"].startswith("text/html")
    assert words.lower() in answer.text.lower()
    assert "secret" not in answer.text


async def test_a_role_that_may_not_is_told_what_it_would_need(house: House) -> None:
    browser = await house.browser_of(await house.person())

    answer = await browser.get("/people")

    assert answer.status_code == 403
    assert "Not allowed" in answer.text
    assert "it takes admin, which an administrator" in answer.text


async def test_a_part_of_a_page_that_fails_is_a_line_and_not_a_page(
    browser: httpx.AsyncClient,
) -> None:
    answer = await browser.get("/broken", headers={"HX-Request": "true"})

    assert answer.status_code == 500
    assert "<html" not in answer.text


async def test_a_part_asked_for_without_a_session_sends_the_whole_page_to_sign_in(
    house: House,
) -> None:
    answer = await house.browser().get("/people", headers={"HX-Request": "true"})

    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/sign-in")


@pytest.mark.parametrize(("path", "code"), [("/v1/none", 404), ("/v1/uploads", 405)])
async def test_programs_are_told_in_json(browser: httpx.AsyncClient, path: str, code: int) -> None:
    answer = await browser.get(path)

    assert answer.status_code == code
    assert set(answer.json()) == {"reason", "detail"}


async def test_files_of_our_own_are_kept_for_ever_by_the_hash_in_their_address(
    house: House,
) -> None:
    answer = await house.browser().get(Assets().address("htmx.min.js"))

    assert answer.content == (FOLDER / "htmx.min.js").read_bytes()
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize(
    "path",
    [
        "/assets/0123456789abcdef/console.css",
        "/assets/0123456789abcdef/..%2F..%2Fapp.py",
        "/assets/e3b0c44298fc1c14/none.js",
    ],
)
async def test_no_other_file_is_served(house: House, path: str) -> None:
    answer = await house.browser().get(path)

    assert answer.status_code == 404
    assert "immutable" not in answer.headers["cache-control"]


async def test_every_page_names_an_icon_of_our_own(house: House) -> None:
    browser = house.browser()
    (address,) = re.findall(r'rel="icon"[^>]*href="([^"]+)"', (await browser.get("/sign-in")).text)

    icon = await browser.get(address)

    assert (icon.status_code, icon.headers["content-type"]) == (200, "image/svg+xml")
    assert icon.text.startswith("<svg ")
    assert not re.search(r"<script|\son\w+=|style=", icon.text)


def test_vendored_files_are_those_that_are_written_down() -> None:
    noted = re.findall(
        r"\| `([\w.]+)` \|.*`([0-9a-f]{64})` \|", (FOLDER / "VENDORED.md").read_text()
    )

    assert noted
    for name, sha256 in noted:
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == sha256


async def test_the_navigation_shows_keys_and_where_one_is(browser: httpx.AsyncClient) -> None:
    text = (await browser.get("/people")).text

    assert 'href="/people" aria-current="page"' in text
    assert 'href="/tokens" aria-current' not in text
    assert '<dialog id="keys"' in text
    assert 'class="skip" href="#content"' in text
