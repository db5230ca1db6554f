"""What a newcomer sees: `veriscope up` judges the samples, and its link leads into the console.

The pictures in the README are those that this takes; `make screenshots` keeps them.
"""

from __future__ import annotations

import asyncio
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Browser, FloatRect, Locator, Page, expect

from tests.acceptance.stack import Stack, start_stack
from tests.browser.served import SAMPLES
from tests.browser.visitors import Visitors, arrive

pytestmark = pytest.mark.asyncio(loop_scope="module")
SIZE = {"width": 1280, "height": 800}
_MARGIN = 16
_AT_THE_PEAK = """new Promise((done) => {
  const there = () => player.readyState === 4 && !player.seeking && player.currentTime > 0;
  const look = () => there() ? done() : setTimeout(look, 50);
  look();
})"""
_PICTURES_ARE_THERE = """Promise.all(
  [...document.images]
    .filter((one) => !one.complete && one.checkVisibility())
    .map((one) => new Promise((done) => { one.onload = one.onerror = done; })),
)"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that judged the samples before it said that it is up."""
    media = sorted(str(path) for path in SAMPLES.iterdir() if path.suffix in {".jpg", ".mp4"})
    stack = start_stack(tmp_path_factory.mktemp("stack"), *media)
    yield stack
    stack.stop()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where pictures of pages are kept."""
    folder = Path(os.environ.get("SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.timeout(600)
async def test_the_printed_link_leads_to_the_verdicts_of_the_samples(
    stack: Stack, chromium: Browser, pictures: Path
) -> None:
    visitors = Visitors(chromium, stack.api)
    page = await visitors.stranger(viewport=SIZE)
    await page.goto(re.search(r"sign in +(http\S+)", stack.log.read_text())[1])
    await expect(page.get_by_label("Name")).to_have_value("admin")
    await page.get_by_label("New password").fill("correct horse battery")
    await page.keyboard.press("Enter")
    await arrive(page, "What you may do")

    await page.keyboard.press("U")
    await arrive(page, "Uploads")
    found = page.get_by_role("region", name="Uploads found")
    for sample in SAMPLES.glob("*.jpg"):
        await expect(found.get_by_role("link", name=sample.name, exact=True)).to_be_visible()
    await keep(page, pictures / "uploads.png", since=page.get_by_text("As CSV"), until=found)

    await page.get_by_role("link", name="portrait-forged.mp4").click()
    await arrive(page, "portrait-forged.mp4")
    await page.keyboard.press("r")
    await page.keyboard.press("f")
    async with asyncio.timeout(60):
        await page.evaluate(_AT_THE_PEAK)
    # Chromium's own controls turn a wheel while nothing plays.
    await page.locator("#player").evaluate("(player) => { player.controls = false; }")
    own, frames = page.get_by_role("region", name="The upload itself"), page.locator(".seeks")
    await keep(page, pictures / "upload.png", since=own, until=frames)

    await page.keyboard.press("Q")
    await arrive(page, "Queue")
    await page.keyboard.press("n")
    await arrive(page, "Decide")
    await page.emulate_media(color_scheme="dark")
    await keep(page, pictures / "review.png")
    await visitors.leave()


async def keep(
    page: Page, path: Path, *, since: Locator | None = None, until: Locator | None = None
) -> None:
    """Take a picture once the page's own ones are there, in few colours and so few bytes.

    It shows the window, or all from one place of the page to another.
    """
    async with asyncio.timeout(60):
        await page.evaluate(_PICTURES_ARE_THERE)
    place = await _place(page, since, until) if since and until else None
    png = await page.screenshot(animations="disabled", full_page=place is not None, clip=place)
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


async def _place(page: Page, since: Locator, until: Locator) -> FloatRect:
    await page.evaluate("scrollTo(0, 0)")
    first, last = await since.bounding_box(), await until.bounding_box()
    top, bottom = first["y"] - _MARGIN, last["y"] + last["height"] + _MARGIN
    return {"x": 0, "y": top, "width": SIZE["width"], "height": bottom - top}
