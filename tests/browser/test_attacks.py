"""What uploaders and other sites try on people who are signed in, in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import quote, urlsplit

import pytest
from playwright.async_api import Page, Request, expect

from moderation.people import Role
from tests.browser.hostile_words import DENSE, EVERYWHERE, LINK, MARKUP
from tests.browser.served import FLAGGED, Served
from tests.browser.visitors import Visitors, arrive

pytestmark = pytest.mark.asyncio(loop_scope="module")
# Tells whether anything of a text ran, and what the browser kept from running.
_WATCH = """
  window.ran = [];
  window.kept = [];
  window.planted = () => window.ran.push("planted");
  addEventListener("securitypolicyviolation", (one) => window.kept.push(one.effectiveDirective));
"""
_PLANT = """(markup) => {
  const place = document.createElement("div");
  place.innerHTML = markup;
  document.body.append(place);
  const script = document.createElement("script");
  script.textContent = "planted()";
  document.body.append(script);
}"""
OTHER_SITE = "http://127.0.0.1:18099"  # nothing is there: the test answers for it


class Watch:
    """What a page did that a page of ours does not do."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.outside: list[str] = []
        page.on("dialog", lambda dialog: self.outside.append(dialog.message))
        page.on("request", self._asked)

    def _asked(self, request: Request) -> None:
        if urlsplit(request.url).path == "/planted":
            self.outside.append(request.url)

    async def found(self) -> list[str]:
        """Nothing, where all that was written is text."""
        elements = await self._page.locator(".planted, [href^=javascript]").count()
        ran, kept = await self._page.evaluate("[window.ran, window.kept]")
        return [*self.outside, *ran, *kept, *["an element"] * elements]


async def hostile_pages(page: Page) -> AsyncIterator[str]:
    """Go to every page that shows what an uploader wrote, or what stands in an address."""
    asked = quote(MARKUP)
    for path in (
        "/uploads",
        "/uploads/u1",
        f"/uploads?id={asked}&tenant={asked}&since={asked}&reason={asked}",
        f"/queue/{asked}",
        f"/sign-in?to={asked}",
    ):
        await page.goto(path)
        yield path
    await page.goto("/queue")
    await page.keyboard.press("n")
    await arrive(page, "Decide")
    yield "a review"


async def test_what_uploaders_write_is_text_wherever_it_is_shown(
    console: Served, visitors: Visitors
) -> None:
    """With `autoescape=False` in console/pages.py there are elements of theirs on the pages."""
    await console.person("ann", Role.ADMIN)
    await console.judge(
        "u1", *[FLAGGED] * 3, file_name=MARKUP, provenance=EVERYWHERE, uploader_id=DENSE
    )
    page = await visitors.signed_in("ann")
    await page.add_init_script(_WATCH)
    watch = Watch(page)
    found = {path: await watch.found() async for path in hostile_pages(page)}
    assert {path: what for path, what in found.items() if what} == {}
    await expect(page.get_by_role("heading", level=1)).to_have_text(MARKUP)
    assert LINK in await page.locator("main").inner_text()


@pytest.mark.parametrize("guarded", [True, False])
async def test_markup_that_came_into_a_page_all_the_same_could_not_run(
    console: Served, visitors: Visitors, guarded: bool
) -> None:
    """Without the content security policy, which a browser can be told to overlook, it does."""
    page = await visitors.stranger(bypass_csp=not guarded)
    await page.add_init_script(_WATCH)
    await page.goto("/sign-in")
    await page.evaluate(_PLANT, MARKUP)
    planted = page.locator("img[src='/planted']")
    await planted.evaluate(
        "(one) => one.complete || new Promise((done) => one.addEventListener('error', done))"
    )
    ran, kept = await page.evaluate("[window.ran, window.kept]")
    assert bool(ran) == (not guarded)
    assert kept == (["script-src-attr", "script-src-elem"] if guarded else [])


@pytest.mark.parametrize("path", ["/people", "/queue/next", "/sign-out", "/you/password"])
async def test_a_form_of_another_site_does_nothing_in_a_signed_in_persons_name(
    console: Served, visitors: Visitors, path: str
) -> None:
    """The cookie comes along, as the port makes no other site; the form's token is what is missing.

    Without `_check_ours` in console/identity/guards.py somebody would be invited, and so on.
    """
    await console.person("ann", Role.ADMIN)
    await console.judge("u1", *[FLAGGED] * 3)
    page = await visitors.signed_in("ann")
    form = (
        f"<form method=post action='{console.url}{path}'><input name=name value=mallory>"
        "<input name=role value=admin><input name=tenants value=*></form>"
        "<script>document.forms[0].submit()</script>"
    )
    await page.route(
        f"{OTHER_SITE}/", lambda route: route.fulfill(body=form, content_type="text/html")
    )
    async with page.expect_response(f"{console.url}{path}") as answered:
        await page.goto(f"{OTHER_SITE}/")
    answer = await answered.value
    assert "cookie" in await answer.request.all_headers()
    assert answer.status == 403
    assert [one.person.name for one in await console.kept.accounts.people.everyone()] == ["ann"]
    await page.goto("/queue")
    await expect(page.get_by_role("cell", name="1", exact=True)).to_be_visible()
