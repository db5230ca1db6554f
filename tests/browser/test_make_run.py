"""What a newcomer sees: `veriscope up` judges the samples, and its link leads into the console.

The pictures in the README are those that this takes; `make screenshots` keeps them.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Browser, Page, expect

from tests.acceptance.stack import Stack, start_stack
from tests.browser.served import SAMPLES
from tests.browser.visitors import Visitors, arrive

pytestmark = pytest.mark.asyncio(loop_scope="module")
SIZE = {"width": 1120, "height": 720}
_PICTURES_ARE_THERE = """Promise.all(
  [...document.images]
    .filter((one) => !one.complete && one.getBoundingClientRect().top < innerHeight)
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
    await keep(page, pictures / "uploads.png")

    await page.get_by_role("link", name="portrait-forged.mp4").click()
    await arrive(page, "portrait-forged.mp4")
    await page.keyboard.press("r")
    await keep(page, pictures / "upload.png")

    await page.keyboard.press("Q")
    await arrive(page, "Queue")
    await page.keyboard.press("n")
    await arrive(page, "Decide")
    await page.emulate_media(color_scheme="dark")
    await keep(page, pictures / "review.png")
    await visitors.leave()


async def keep(page: Page, path: Path) -> None:
    """Take a picture of a page once its own pictures are there, in few colours and so few bytes."""
    await page.evaluate(_PICTURES_ARE_THERE)
    taken = Image.open(io.BytesIO(await page.screenshot(animations="disabled")))
    taken.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
