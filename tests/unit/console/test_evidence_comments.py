"""What people say of an upload to one another: who reads it, under which name, and as what."""

from __future__ import annotations

import uuid

import httpx
import pytest

from console.evidence.comments import MOST_SHOWN
from moderation.comments import Comment
from moderation.people import Role, Tenants
from moderation.verdict import Action, Label
from tests.unit.console.review import ReviewHouse

SCRIPT = "<script>alert(1)</script>"
COMMENTS = "/uploads/u1/comments"


@pytest.fixture
async def house() -> ReviewHouse:
    house = ReviewHouse()
    await house.review.flag(label=Label.CLEAR, action=Action.PUBLISH, fake_probability=0.1)
    return house


def said(text: str) -> dict[str, str]:
    return {"text": text, "token": uuid.uuid4().hex}


async def test_a_comment_is_read_by_colleagues_under_a_pseudonym(
    house: ReviewHouse, moderator: httpx.AsyncClient
) -> None:
    answer = await moderator.post(COMMENTS, data=said("look at the left ear"))

    bob = await house.browser_of(await house.person(Role.MODERATOR, "bob"))
    lea = await house.browser_of(await house.person(Role.LEAD, "lea"))
    ann = next(each for each in await house.accounts.people.everyone() if each.person.name == "ann")
    own, theirs, lead = [
        (await each.get("/uploads/u1")).text.partition('id="comments"')[2]
        for each in (moderator, bob, lea)
    ]
    assert (answer.status_code, answer.headers["location"]) == (303, "/uploads/u1#comments")
    assert "look at the left ear" in theirs
    assert "2026-03-01 12:00 UTC, you" in own
    assert f"2026-03-01 12:00 UTC, {ann.person.pseudonym}" in theirs
    assert "2026-03-01 12:00 UTC, ann" in lead


async def test_what_somebody_wrote_is_never_markup(moderator: httpx.AsyncClient) -> None:
    await moderator.post(COMMENTS, data=said(SCRIPT + "</blockquote><b>"))

    text = (await moderator.get("/uploads/u1")).text

    assert SCRIPT not in text
    assert "<b>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&lt;/blockquote&gt;" in text


async def test_a_comment_sent_twice_stands_once(moderator: httpx.AsyncClient) -> None:
    sent = said("one of a kind")
    for _ in range(2):
        assert (await moderator.post(COMMENTS, data=sent)).status_code == 303

    assert (await moderator.get("/uploads/u1")).text.count("one of a kind") == 1


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 2001, "nul \0"])
async def test_what_cannot_be_kept_is_refused_in_words(
    moderator: httpx.AsyncClient, text: str
) -> None:
    answer = await moderator.post(COMMENTS, data=said(text))

    assert answer.status_code == 422
    assert "Nobody said anything yet" in (await moderator.get("/uploads/u1")).text


async def test_viewers_read_and_do_not_write(
    house: ReviewHouse, moderator: httpx.AsyncClient
) -> None:
    viewer = await house.browser_of(await house.person(Role.VIEWER, "vic"))
    await moderator.post(COMMENTS, data=said("look"))

    text = (await viewer.get("/uploads/u1")).text

    assert "<blockquote>look</blockquote>" in text
    assert "<textarea" not in text
    assert (await viewer.post(COMMENTS, data=said("me, too"))).status_code == 403


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.ADMIN])
async def test_nobody_comments_on_another_tenants_upload(house: ReviewHouse, role: Role) -> None:
    eve = await house.browser_of(await house.person(role, "eve", Tenants.named("other")))

    theirs = await eve.post(COMMENTS, data=said("hello"))
    none = await eve.post("/uploads/u9/comments", data=said("hello"))

    assert theirs.status_code == none.status_code == 404
    assert await house.review.comments.of_upload("u1", Tenants.named("acme"), limit=9) == []


async def test_who_may_be_asked_about_an_upload_neither_reads_nor_writes_comments_on_it(
    house: ReviewHouse, moderator: httpx.AsyncClient
) -> None:
    lea = await house.browser_of(await house.person(Role.LEAD, "lea"))
    await house.review.flag("u2")
    await lea.post("/uploads/u2/comments", data=said("surely forged"))

    text = (await moderator.get("/uploads/u2")).text
    answer = await moderator.post("/uploads/u2/comments", data=said("I think so, too"))

    assert "surely forged" in (await lea.get("/uploads/u2")).text
    assert "surely forged" not in text
    assert 'id="comments"' not in text
    assert (answer.status_code, "decide first" in answer.text) == (409, True)


@pytest.mark.parametrize(("older", "said_so"), [(0, False), (1, True)])
async def test_a_page_says_that_it_shows_the_newest_comments_alone(
    house: ReviewHouse, moderator: httpx.AsyncClient, older: int, said_so: bool
) -> None:
    for number in range(MOST_SHOWN + older):
        written = Comment(
            comment_id=f"{number:032x}",
            tenant="acme",
            upload_id="u1",
            author="bob",
            text=f"number {number} of many",
            made_at=house.now,
        )
        await house.review.comments.add(written)

    text = (await moderator.get("/uploads/u1")).text

    assert text.count(" of many") == MOST_SHOWN
    assert ("number 0 of many" in text) is not said_so
    assert (f"The newest {MOST_SHOWN} are shown; there are older ones." in text) is said_so
