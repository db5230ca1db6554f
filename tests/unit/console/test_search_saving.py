"""Searches that somebody keeps: named, their own, and nothing that could not be asked for."""

from __future__ import annotations

import httpx
import pytest

from moderation.people import Role
from storage.search.ports import MOST_SAVED, SavedQuery
from tests.unit.console.review import ReviewHouse


async def saved(house: ReviewHouse, name: str = "vic") -> list[SavedQuery]:
    account = await house.accounts.people.find(name=name)
    return await house.review.saved.saved(account.person.person_id)


async def test_a_search_is_kept_followed_and_forgotten(
    house: ReviewHouse, viewer: httpx.AsyncClient
) -> None:
    sent = {"name": "to look at", "query": "label=fake&from=&label=suspect&x=1&after=b"}
    answer = await viewer.post("/uploads/saved", data=sent)

    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/uploads?label=fake&label=suspect",
    )
    page = await viewer.get("/uploads")
    assert 'href="/uploads?label=fake&amp;label=suspect">to look at</a>' in page.text
    await viewer.post("/uploads/saved/forget", data={"name": "to look at"})
    assert await saved(house) == []


async def test_searches_of_others_are_neither_seen_nor_forgotten(
    house: ReviewHouse, viewer: httpx.AsyncClient
) -> None:
    await viewer.post("/uploads/saved", data={"name": "mine", "query": "label=fake"})
    eve = await house.browser_of(await house.person(Role.ADMIN, "eve"))

    assert "mine" not in (await eve.get("/uploads")).text
    await eve.post("/uploads/saved/forget", data={"name": "mine"})

    assert await saved(house) == [SavedQuery(name="mine", query="label=fake")]


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("", "label=fake"),
        ("x" * 65, "label=fake"),
        ("a", ""),
        ("a", "x=1"),
        ("a", "label=forged"),
        ("a", "id=u1"),
    ],
)
async def test_what_cannot_be_asked_for_or_names_an_upload_is_not_kept(
    house: ReviewHouse, viewer: httpx.AsyncClient, name: str, query: str
) -> None:
    answer = await viewer.post("/uploads/saved", data={"name": name, "query": query})

    assert answer.status_code == 422
    assert await saved(house) == []


async def test_who_keeps_many_is_told_to_forget_one(
    house: ReviewHouse, viewer: httpx.AsyncClient
) -> None:
    for number in range(MOST_SAVED):
        await viewer.post("/uploads/saved", data={"name": f"{number}", "query": "label=fake"})

    answer = await viewer.post("/uploads/saved", data={"name": "more", "query": "label=fake"})

    assert answer.status_code == 409
    assert "forget one first" in answer.text


async def test_nothing_is_kept_without_the_forms_token(
    house: ReviewHouse, viewer: httpx.AsyncClient
) -> None:
    viewer.headers.pop("X-CSRF-Token", None)
    answer = await viewer.post("/uploads/saved", data={"name": "a", "query": "label=fake"})

    assert answer.status_code == 403
    assert await saved(house) == []


async def test_a_name_is_never_markup(house: ReviewHouse, viewer: httpx.AsyncClient) -> None:
    sent = {"name": "<script>alert(1)</script>", "query": 'model="><script>'}
    await viewer.post("/uploads/saved", data=sent)

    text = (await viewer.get("/uploads")).text
    assert "<script>alert" not in text
    assert '"><script>' not in text
