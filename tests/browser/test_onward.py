"""What follows a decision: appeals, look-alikes, and searches that are kept."""

from __future__ import annotations

import httpx
import pytest
from playwright.async_api import Page, expect

from moderation.looks import Look
from moderation.people import Permission, Role
from tests.browser.served import FLAGGED, Served
from tests.browser.visitors import Visitors, arrive

pytestmark = pytest.mark.asyncio(loop_scope="module")
STRIPED, PLAIN = Look(pdq="0f" * 32, quality=90), Look(pdq="f0" * 32, quality=90)


async def take_the_next(page: Page) -> None:
    await page.goto("/queue")
    await page.keyboard.press("n")


async def decide(page: Page, reason: str, button: str, said: str) -> None:
    await page.get_by_label("Reason of the policy").select_option(reason)
    await page.get_by_role("button", name=button).click()
    await arrive(page, said)


async def test_an_uploaders_appeal_reaches_somebody_else_who_may_overturn_it(
    console: Served, visitors: Visitors
) -> None:
    await console.person("ann", Role.MODERATOR)
    await console.person("ben", Role.MODERATOR)
    admin = await console.person("ada", Role.ADMIN)
    await console.judge("u1", *[FLAGGED] * 3)
    ann = await visitors.signed_in("ann")
    await take_the_next(ann)
    await arrive(ann, "Decide")
    await decide(ann, "forged_face", "Uphold", "You upheld")
    await console.enact()

    token = await console.token(admin, Permission.APPEALS_SUBMIT)
    async with httpx.AsyncClient(base_url=console.url, trust_env=False) as platform:
        appealed = await platform.post(
            "/v1/uploads/u1/appeals",
            json={"text": "It is a still of a film."},
            headers={"Authorization": f"Bearer {token}"},
        )
    assert appealed.status_code == 202

    await take_the_next(ann)
    await expect(ann.get_by_text("There is nothing for you to look at now.")).to_be_visible()
    ben = await visitors.signed_in("ben")
    await take_the_next(ben)
    await arrive(ben, "Decide")
    appeal = ben.get_by_role("region", name="Appeal: what the uploader says")
    await expect(appeal).to_contain_text("It is a still of a film.")
    await decide(ben, "labelled_or_art", "Overturn", "You overturned")


async def test_one_decision_is_taken_for_all_that_look_alike(
    console: Served, visitors: Visitors
) -> None:
    await console.person("lea", Role.LEAD)
    for upload_id, look in (("u1", STRIPED), ("u2", STRIPED), ("u3", PLAIN)):
        await console.judge(upload_id, *[FLAGGED] * 3, file_name=f"{upload_id}.mp4", looks=(look,))
    page = await visitors.signed_in("lea")
    await page.goto("/uploads/u1")
    await page.get_by_role("link", name="Uploads that are the same, or look alike").click()
    await arrive(page, "Look-alikes of u1.mp4")
    alike = page.get_by_role("region", name="Look-alikes")
    await expect(alike.get_by_role("rowheader")).to_have_text(["u1.mp4", "u2.mp4"])

    for name in ("u1.mp4", "u2.mp4"):
        await alike.get_by_role("checkbox", name=name).check()
    await page.get_by_label("Reason of the policy").select_option("forged_face")
    await page.get_by_role("button", name="Withhold all").click()
    await expect(page.get_by_role("status")).to_contain_text("2 decided")
    await page.goto("/queue")
    await expect(page.get_by_role("cell", name="1", exact=True)).to_be_visible()


async def test_a_search_is_kept_under_a_name_and_is_ones_own(
    console: Served, visitors: Visitors
) -> None:
    await console.person("ann", Role.MODERATOR)
    await console.person("ben", Role.MODERATOR)
    await console.judge("u1", *[FLAGGED] * 3)
    await console.judge("u2", *[-3.0] * 3)
    ann, ben = await visitors.signed_in("ann"), await visitors.signed_in("ben")
    await ann.goto("/uploads?label=suspect")
    await ann.get_by_text("Saved searches").click()
    await ann.get_by_label("Keep this search as").fill("to look at")
    await ann.get_by_role("button", name="Save", exact=True).click()
    await ann.goto("/uploads")
    await expect(ann.get_by_role("row")).to_have_count(3)
    await ann.get_by_role("link", name="to look at").click()
    await expect(ann.get_by_role("row")).to_have_count(2)
    await ben.goto("/uploads")
    await expect(ben.get_by_role("link", name="to look at")).to_have_count(0)
    await ben.goto(ann.url)  # what stands in the address can be handed on
    await expect(ben.get_by_role("row")).to_have_count(2)


async def test_a_lead_who_marks_and_reopens_comes_to_the_next_page(
    console: Served, visitors: Visitors
) -> None:
    for name, role in (("ann", Role.MODERATOR), ("lea", Role.LEAD)):
        await console.person(name, role)
    await console.judge("u1", *[FLAGGED] * 3)
    ann, lea = await visitors.signed_in("ann"), await visitors.signed_in("lea")
    await take_the_next(ann)
    await decide(ann, "forged_face", "Uphold", "You upheld")
    await console.enact()

    await lea.goto("/uploads/u1")
    await lea.get_by_role("button", name="Mix it among flagged ones").click()
    await lea.wait_for_url("**/known-items")
    await lea.goto("/uploads/u1")
    async with lea.expect_navigation():
        await lea.get_by_role("button", name="Have somebody else look again").click()
    await expect(lea.get_by_role("navigation", name="Main")).to_have_count(1)
