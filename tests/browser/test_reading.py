"""Pages can be read by everybody: with a screen reader, zoomed, in the dark, by keyboard."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from console.identity.registry import invitation_path
from moderation.people import Role
from tests.browser.served import FLAGGED, Served
from tests.browser.visitors import Visitors, arrive

pytestmark = pytest.mark.asyncio(loop_scope="module")
GRAVE = {"serious", "critical"}
ZOOMED = {"width": 640, "height": 360}  # what 1280 by 720 are at 200%
_LINKS = "[...document.links].map((link) => link.href)"
_TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest_asyncio.fixture(loop_scope="module")
async def admin(console: Served, visitors: Visitors) -> Page:
    """An administrator, with something on every page."""
    for name, role in (("ann", Role.ADMIN), ("ben", Role.MODERATOR)):
        await console.person(name, role)
    for number, logit in enumerate((FLAGGED, FLAGGED, 3.0, -3.0)):
        await console.judge(f"u{number}", *[logit] * 3, file_name=f"{'w' * 200}.mp4")
    return await visitors.signed_in("ann", viewport={"width": 1280, "height": 720})


async def pages(page: Page) -> AsyncIterator[str]:
    """Go to every page that links lead to, then through a review; yields what each is called.

    Of uploads one is enough: all are the same page.
    """
    asked, seen, uploads = [page.url], set(), 0
    while asked:
        address = asked.pop(0)
        path = urlsplit(address).path
        uploads += path.startswith("/uploads/")
        if path in seen or "." in path or (path.startswith("/uploads/") and uploads > 1):
            continue
        seen.add(path)
        await page.goto(address)
        asked += [one for one in await page.evaluate(_LINKS) if one.startswith(_origin(page))]
        yield path
    assert seen >= {"/", "/you", "/queue", "/uploads", "/people", "/tokens", "/sessions"}
    assert uploads
    await page.goto("/queue")
    await page.keyboard.press("n")
    await arrive(page, "Decide")
    yield "a review"
    await page.get_by_label("Reason of the policy").select_option("forged_face")
    await page.get_by_role("button", name="Uphold").click()
    await arrive(page, "You upheld")
    yield "a decision"
    await page.goto("/queue/nothing")
    yield "an error"


def _origin(page: Page) -> str:
    parts = urlsplit(page.url)
    return f"{parts.scheme}://{parts.netloc}/"


async def grave_findings(page: Page, *rules: str) -> list[str]:
    """What axe finds, by all of its rules or by some."""
    options = {"runOnly": list(rules)} if rules else None
    found = (await Axe().run(page, options=options)).response["violations"]
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


async def test_axe_finds_nothing_grave_on_any_page(admin: Page) -> None:
    found = {name: await grave_findings(admin) async for name in pages(admin)}
    assert {name: what for name, what in found.items() if what} == {}


async def test_in_the_dark_everything_stands_out_from_its_ground(admin: Page) -> None:
    await admin.emulate_media(color_scheme="dark")
    found = {name: await grave_findings(admin, "color-contrast") async for name in pages(admin)}
    assert {name: what for name, what in found.items() if what} == {}


async def test_axe_finds_nothing_grave_on_the_pages_of_strangers(
    console: Served, visitors: Visitors
) -> None:
    page = await visitors.stranger()
    await page.goto("/sign-in")
    assert await grave_findings(page) == []
    person = await console.person("ann", Role.VIEWER)
    await page.goto(invitation_path(await console.registry.invite(person)))
    await expect(page.get_by_label("New password")).to_be_focused()
    assert await grave_findings(page) == []


async def test_no_page_is_wider_than_the_window_at_twice_the_size(admin: Page) -> None:
    await admin.set_viewport_size(ZOOMED)
    wide = {name: await admin.evaluate(_TOO_WIDE) async for name in pages(admin)}
    assert {name: pixels for name, pixels in wide.items() if pixels > 0} == {}


async def test_what_axe_is_asked_for_it_finds(admin: Page) -> None:
    """Else the tests above would pass over anything."""
    await admin.goto("/people")
    await admin.evaluate("document.querySelector('label[for=name]').remove()")
    assert [one.partition(":")[0] for one in await grave_findings(admin)] == ["label"]
