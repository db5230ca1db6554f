"""The upload itself, in a real browser: veiled and quiet, and at the peak when it is asked for."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect

from moderation.people import ALL_TENANTS, Role
from storage.accounts.records import MediaPart
from tests.browser.served import SAMPLES, Served
from tests.browser.visitors import Visitors, arrive

pytestmark = pytest.mark.asyncio(loop_scope="module")
NEAR_SECONDS = 0.03  # less than a frame
STANDS = """([at, near]) => new Promise((done) => {
  const look = () => Math.abs(player.currentTime - at) <= near ? done() : setTimeout(look, 50);
  look();
})"""
PLAYER = "document.getElementById('player')"


async def originals(console: Served) -> list[str]:
    log = console.kept.accounts.log
    found = await log.accesses(ALL_TENANTS, upload_id="u1", limit=99)
    return [each.detail for each in found if each.part is MediaPart.ORIGINAL]


async def stands_at(page: Page, at_seconds: float) -> None:
    """Wait until the video is there: it loads, and seeks, in its own time."""
    async with asyncio.timeout(30):
        await page.evaluate(STANDS, [at_seconds, NEAR_SECONDS])


async def opened(console: Served, visitors: Visitors) -> Page:
    """A moderator on the page of an upload whose middle crop looks most forged."""
    await console.person("ann", Role.MODERATOR)
    await console.judge("u1", -2.0, 1.5, -2.0)
    await console.store.put("media/acme/u1/clip", SAMPLES / "portrait.mp4")
    page = await visitors.signed_in("ann")
    await page.goto(f"{console.url}/uploads/u1")
    await arrive(page, "The upload itself")
    return page


async def test_the_player_stands_at_the_peak_veiled_and_quiet_and_asked_for_nothing_before(
    console: Served, visitors: Visitors
) -> None:
    page = await opened(console, visitors)
    video = page.get_by_label("The video as it was sent")
    await expect(video).to_have_css("filter", "blur(24px) grayscale(1)")
    assert await page.evaluate(f"{PLAYER}.muted")
    assert await originals(console) == []

    await page.keyboard.press("f")
    await stands_at(page, 2.0)

    await expect(page.get_by_text("At 0:02.00")).to_be_visible()
    box = page.locator("[data-player-box]")
    assert float(await box.get_attribute("width") or 0) > 0
    assert (await originals(console))[-1].startswith("bytes 0-")
    await expect(video).to_have_css("filter", "blur(24px) grayscale(1)")


async def test_the_video_is_unveiled_by_hovering_and_by_key(
    console: Served, visitors: Visitors
) -> None:
    page = await opened(console, visitors)
    video = page.get_by_label("The video as it was sent")

    await video.hover()
    await expect(video).to_have_css("filter", "none")
    await page.get_by_role("heading", name="The upload itself").hover()
    await expect(video).to_have_css("filter", "blur(24px) grayscale(1)")
    await page.keyboard.press("r")
    await expect(video).to_have_css("filter", "none")


async def test_a_click_on_the_time_line_goes_there_and_keys_go_frame_by_frame(
    console: Served, visitors: Visitors
) -> None:
    page = await opened(console, visitors)
    strip = page.get_by_role("img", name="Person 1 along the time line")
    width = (await strip.bounding_box() or {"width": 0.0})["width"]

    await strip.click(position={"x": width / 2, "y": 10})
    await stands_at(page, 3)
    await page.keyboard.press(".")
    await stands_at(page, 3.04)
    await page.keyboard.press(",")
    await stands_at(page, 3)
    assert await page.evaluate(f"{PLAYER}.paused")


async def test_where_the_media_is_gone_the_crop_of_the_moment_is_shown(
    console: Served, visitors: Visitors
) -> None:
    page = await opened(console, visitors)
    await console.store.delete("media/acme/u1/clip")
    await page.reload()

    await expect(page.get_by_text("Its media is not kept any more.")).to_be_visible()
    await page.keyboard.press("f")

    crop = page.get_by_role("img", name="Person 1 at 0:02.00", exact=True)
    await expect(crop).to_have_class("crop veiled sought")
