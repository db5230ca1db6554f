"""What is seen at once in a window of 1280 by 800: the way to every page, the verdict, a poster."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, Response, expect

from moderation.people import Role
from tests.browser.served import FLAGGED, SAMPLES, Served
from tests.browser.visitors import Visitors, arrive

pytestmark = pytest.mark.asyncio(loop_scope="module")
WINDOW = {"width": 1280, "height": 800}


async def on_an_upload(console: Served, visitors: Visitors, role: Role, name: str) -> Page:
    """Somebody on the page of a clip of which enough is kept to fill several screens."""
    await console.person(name, role)
    await console.judge("u1", *[FLAGGED] * 16)
    await console.store.put("media/acme/u1/clip", SAMPLES / "portrait.mp4")
    page = await visitors.signed_in(name, viewport=WINDOW)
    await page.goto("/uploads/u1")
    await arrive(page, "The upload itself")
    return page


async def test_an_administrator_has_the_way_to_every_page_in_one_row(
    console: Served, visitors: Visitors
) -> None:
    name = "somebody.with.a.long.name@moderation.example.org"
    page = await on_an_upload(console, visitors, Role.ADMIN, name)
    header = page.get_by_role("banner")

    places = [await each.bounding_box() for each in await header.locator("a, button").all()]

    rows = {round(place["y"] + place["height"] / 2, -1) for place in places if place}
    assert len(places) > 12
    assert len(rows) == 1
    await expect(header.get_by_role("link", name=name)).to_be_visible()


async def test_the_verdict_is_seen_without_scrolling(console: Served, visitors: Visitors) -> None:
    page = await on_an_upload(console, visitors, Role.MODERATOR, "ann")

    verdict = page.get_by_role("region", name="Verdict", exact=True)

    await expect(verdict).to_contain_text("may be forged")
    await expect(verdict).to_be_in_viewport(ratio=1.0)


async def test_a_player_shows_a_veiled_poster_before_anything_of_the_upload_is_sent(
    console: Served, visitors: Visitors
) -> None:
    page = await on_an_upload(console, visitors, Role.MODERATOR, "ann")
    sent: list[Response] = []
    page.on("response", lambda response: sent.append(response))

    await page.reload()
    await page.wait_for_load_state("networkidle")

    paths = {one.url.partition("?")[0].rpartition("/")[2]: one for one in sent}
    assert (paths["poster"].status, "media" in paths) == (200, False)
    assert paths["poster"].headers["content-type"] == "image/jpeg"
    await expect(page.locator("#player")).to_have_css("filter", "blur(24px) grayscale(1)")
