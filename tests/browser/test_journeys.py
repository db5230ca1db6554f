"""What people do in the console, from signing in to signing out, in a real browser."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from moderation.people import Role
from tests.browser.served import FLAGGED, Served
from tests.browser.visitors import Visitors, arrive

pytestmark = pytest.mark.asyncio(loop_scope="module")
REASON = "somebody's face was put in"  # how the first words of one of the packaged reasons go


async def take_the_next(page: Page) -> None:
    """Lock a review from the keyboard; there is one."""
    await page.keyboard.press("Q")
    await arrive(page, "Queue")
    await page.keyboard.press("n")
    await arrive(page, "Decide")


async def decide(page: Page, key: str) -> None:
    """Choose a reason that restricts, and decide, without touching the mouse."""
    await page.keyboard.press("p")
    await page.keyboard.type(REASON)
    await page.keyboard.press("Escape")
    await page.keyboard.press(key)


async def test_an_upload_is_found_locked_revealed_and_decided_from_the_keyboard(
    console: Served, visitors: Visitors
) -> None:
    await console.person("ann", Role.MODERATOR)
    await console.judge("u1", *[FLAGGED] * 3)
    page = await visitors.signed_in("ann")
    await page.keyboard.press("U")
    await arrive(page, "Uploads")
    await page.keyboard.press("/")
    await page.keyboard.type("u1")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("id=u1"))
    await arrive(page, "Uploads")
    await expect(page.get_by_role("link", name="holiday.mp4")).to_be_visible()

    await take_the_next(page)
    await expect(page.get_by_text("With you until")).to_be_visible()
    first = page.get_by_role("img", name="Person 1 at 0:00.00", exact=True)
    await expect(first).to_have_css("filter", "blur(10px) grayscale(1)")
    await page.keyboard.press("r")
    await expect(first).to_have_css("filter", "none")
    await expect(page.get_by_role("button", name="Reveal faces", pressed=True)).to_be_visible()

    await decide(page, "u")
    await arrive(page, "You upheld")


async def test_a_decision_is_taken_back_from_the_keyboard_and_can_be_made_anew(
    console: Served, visitors: Visitors
) -> None:
    await console.person("ann", Role.MODERATOR)
    await console.judge("u1", *[FLAGGED] * 3)
    page = await visitors.signed_in("ann")
    await take_the_next(page)
    await decide(page, "u")
    await arrive(page, "You upheld")

    await page.keyboard.press("z")
    await arrive(page, "Decide")
    await decide(page, "e")
    await arrive(page, "You escalated")


async def test_a_decision_without_a_reason_is_not_sent(console: Served, visitors: Visitors) -> None:
    await console.person("ann", Role.MODERATOR)
    await console.judge("u1", *[FLAGGED] * 3)
    page = await visitors.signed_in("ann")
    await take_the_next(page)
    await page.keyboard.press("u")
    await expect(page.get_by_label("Reason of the policy")).to_be_focused()
    await arrive(page, "Decide")


async def test_a_refused_decision_is_said_in_words_on_the_page_and_nothing_is_lost(
    console: Served, visitors: Visitors
) -> None:
    """A reason to restrict does not fit overturning; what was typed stays."""
    await console.person("ann", Role.MODERATOR)
    await console.judge("u1", *[FLAGGED] * 3)
    page = await visitors.signed_in("ann")
    await take_the_next(page)
    await page.get_by_label("Note, for colleagues").fill("look at the left ear")
    await page.keyboard.press("Escape")
    await decide(page, "o")
    await expect(page.get_by_role("alert")).to_contain_text("choose another reason")
    await expect(page.get_by_role("button", name="Overturn")).to_be_in_viewport()
    await expect(page.get_by_role("alert")).to_be_in_viewport(ratio=1)
    await expect(page.get_by_label("Note, for colleagues")).to_have_value("look at the left ear")


async def test_the_second_reviewer_sees_nothing_of_the_first_decision(
    console: Served, visitors: Visitors
) -> None:
    for name, role in (("ann", Role.MODERATOR), ("ben", Role.MODERATOR), ("lea", Role.LEAD)):
        await console.person(name, role)
    await console.judge("u1", *[FLAGGED] * 3)
    ann = await visitors.signed_in("ann")
    await take_the_next(ann)
    await ann.get_by_label("Note, for colleagues").fill("plainly pasted")
    await ann.keyboard.press("Escape")
    await decide(ann, "u")
    await arrive(ann, "You upheld")
    await console.enact(second=1.0)

    ben, lea = await visitors.signed_in("ben"), await visitors.signed_in("lea")
    await ben.goto("/uploads/u1")
    await says_nothing_of_ann(ben)
    await take_the_next(ben)
    await says_nothing_of_ann(ben)
    await lea.goto("/uploads/u1")
    await expect(lea.get_by_text("plainly pasted")).to_be_visible()


async def says_nothing_of_ann(page: Page) -> None:
    await arrive(page, "How it was reached")
    for words in ("What people decided", "plainly pasted", "upheld", "ann"):
        await expect(page.get_by_text(words, exact=True)).to_have_count(0)


async def test_one_review_is_given_to_one_of_two_browsers_that_ask_at_once(
    console: Served, visitors: Visitors
) -> None:
    for name in ("ann", "ben"):
        await console.person(name, Role.MODERATOR)
    await console.judge("u1", *[FLAGGED] * 3)
    pages = [await visitors.signed_in(name) for name in ("ann", "ben")]
    await asyncio.gather(*(page.goto("/queue") for page in pages))
    await asyncio.gather(*(page.keyboard.press("n") for page in pages))
    either = [await what_came(page) for page in pages]
    assert sorted(either) == ["a review", "nothing"]

    holder, other = pages if either[0] == "a review" else reversed(pages)
    await other.goto(holder.url)
    await arrive(other, "This review is not with you")


async def what_came(page: Page) -> str:
    """Whether somebody was given a review, or told that there is none."""
    given = page.get_by_role("heading", name="Decide")
    nothing = page.get_by_text("There is nothing for you to look at now.")
    await expect(given.or_(nothing)).to_be_visible()
    return "a review" if await given.count() else "nothing"


async def test_what_is_found_is_exported_without_names_of_moderators(
    console: Served, visitors: Visitors
) -> None:
    await console.person("annabel", Role.MODERATOR)
    await console.judge("u1", *[FLAGGED] * 3)
    await console.judge("u2", *[-3.0] * 3)
    page = await visitors.signed_in("annabel")
    await take_the_next(page)
    await decide(page, "u")
    await arrive(page, "You upheld")
    await console.enact()
    await page.goto("/uploads?label=suspect")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="As CSV").click()
    text = Path(await (await download.value).path()).read_text()
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["upload_id"] == "u1"
    assert "annabel" not in text


async def test_after_signing_out_no_page_is_shown_any_more(
    console: Served, visitors: Visitors
) -> None:
    await console.person("ann", Role.VIEWER)
    page = await visitors.signed_in("ann")
    await page.goto("/uploads")
    await page.get_by_role("button", name="Sign out").click()
    await arrive(page, "Sign in")
    await page.go_back()
    await arrive(page, "Sign in")
    await page.goto("/uploads")
    await arrive(page, "Sign in")


async def test_a_viewer_is_refused_what_moderators_may(console: Served, visitors: Visitors) -> None:
    await console.person("vic", Role.VIEWER)
    await console.judge("u1", *[FLAGGED] * 3)
    page = await visitors.signed_in("vic")
    await expect(page.get_by_role("link", name="Queue")).to_have_count(0)
    for path in ("/queue", "/people", "/tokens", "/sessions"):
        answer = await page.goto(path)
        assert answer.status == 403
        await arrive(page, "Not allowed")
    await page.goto("/uploads/u1")
    await arrive(page, "Faces")
    await expect(page.get_by_role("button", name="Reveal faces")).to_have_count(0)
