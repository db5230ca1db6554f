"""Nobody needs a mouse, and keys stay out of the way of those who type or do not want them."""

from __future__ import annotations

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from moderation.people import Role
from tests.browser.served import FLAGGED, Served
from tests.browser.visitors import Visitors, arrive

pytestmark = pytest.mark.asyncio(loop_scope="module")
_FOCUSED = """() => {
  const one = document.activeElement;
  const style = getComputedStyle(one);
  return {
    words: one.outerHTML.slice(0, 120),
    outline: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
    last: one === document.body,
  };
}"""


@pytest_asyncio.fixture(loop_scope="module")
async def review(console: Served, visitors: Visitors) -> Page:
    """Somebody who looks at a review."""
    await console.person("ann", Role.MODERATOR)
    await console.judge("u1", *[FLAGGED] * 3)
    page = await visitors.signed_in("ann")
    await page.goto("/queue")
    await page.keyboard.press("n")
    await arrive(page, "Decide")
    return page


async def test_a_question_mark_shows_every_key_of_the_page_in_words(review: Page) -> None:
    await review.keyboard.press("?")
    keys = review.get_by_role("dialog", name="Keys on this page")
    await expect(keys).to_be_visible()
    words = [await keys.locator(tag).all_inner_texts() for tag in ("dt", "dd")]
    said = dict(zip(*words, strict=True))
    assert said.keys() >= {"Shift Q", "Shift U", *"rpuoes"}
    assert said["u"] == "Uphold: withhold it"
    assert all(said.values())
    await review.keyboard.press("Escape")
    await expect(keys).to_be_hidden()


async def test_a_key_does_nothing_while_somebody_types(review: Page) -> None:
    note = review.get_by_label("Note, for colleagues")
    await note.press_sequentially("super?")
    await expect(note).to_have_value("super?")
    await expect(review.get_by_role("dialog")).to_be_hidden()
    await expect(review.get_by_role("heading", name="Decide")).to_be_visible()


async def test_who_turned_keys_off_is_left_alone_on_later_pages_too(review: Page) -> None:
    await review.keyboard.press("?")
    await review.get_by_label("Turn keys off").check()
    await review.keyboard.press("Escape")
    await review.goto("/uploads")
    await review.keyboard.press("Q")
    await review.keyboard.press("?")
    await expect(review.get_by_role("dialog")).to_be_visible()
    await expect(review.get_by_role("heading", name="Uploads")).to_be_visible()


async def test_whatever_is_focused_can_be_seen_and_all_of_a_review_can_be_reached(
    review: Page,
) -> None:
    seen: list[dict[str, object]] = []
    while not seen or not seen[-1]["last"]:
        assert len(seen) < 200, "the focus never leaves the page"
        await review.keyboard.press("Tab")
        seen.append(await review.evaluate(_FOCUSED))
    reached = seen[:-1]
    assert [one["words"] for one in reached if one["outline"] < 2] == []
    for words in ("Skip to content", "Reveal faces", 'value="uphold"', 'name="note"', "crop-0"):
        assert any(words in str(one["words"]) for one in reached), words


async def test_the_first_tab_leads_past_the_navigation(review: Page) -> None:
    await review.keyboard.press("Tab")
    skip = review.get_by_role("link", name="Skip to content")
    await expect(skip).to_be_in_viewport()
    await review.keyboard.press("Enter")
    await expect(review.locator("main")).to_be_focused()


async def test_a_face_is_revealed_to_who_focuses_it(review: Page) -> None:
    face = review.get_by_role("img", name="Person 1 at 0:00.00", exact=True)
    await expect(face).to_have_css("filter", "blur(10px) grayscale(1)")
    await face.focus()
    await expect(face).to_have_css("filter", "none")


async def test_light_and_dark_are_chosen_once_and_kept(review: Page) -> None:
    await review.emulate_media(color_scheme="light")
    body = review.locator("body")
    await expect(body).to_have_css("background-color", "rgb(246, 247, 249)")
    await review.emulate_media(color_scheme="dark")
    await expect(body).to_have_css("background-color", "rgb(18, 22, 27)")
    await review.get_by_role("button", name="Light or dark").press("Enter")
    await expect(body).to_have_css("background-color", "rgb(246, 247, 249)")
    await review.goto("/uploads")
    await expect(body).to_have_css("background-color", "rgb(246, 247, 249)")
