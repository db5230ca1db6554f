"""What waits, as the queue tells it before anything is taken."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from moderation.people import Role
from moderation.review import JobKind
from tests.unit.console.review import ReviewHouse


@pytest.fixture
async def ann(house: ReviewHouse) -> httpx.AsyncClient:
    return await house.browser_of(await house.person(Role.MODERATOR, "ann"))


def waiting(text: str) -> list[tuple[str, ...]]:
    """The rows of the table: a queue, how many are open, and the oldest deadline."""
    row = r'<tr><th scope="row">(.*?)</th><td class="number">(\d+)</td><td>([\d: -]+)'
    return [tuple(one.strip() for one in found) for found in re.findall(row, text)]


async def test_the_queue_says_what_waits_before_anything_is_taken(
    house: ReviewHouse, ann: httpx.AsyncClient
) -> None:
    await house.review.flag("u1")
    house.now += timedelta(minutes=30)
    await house.review.flag("u2")
    await house.review.flag("u3", policy="mild")

    told = waiting((await ann.get("/queue")).text)

    assert told == [("mild", "1", "2026-03-01 13:30"), ("strict", "2", "2026-03-01 13:00")]
    assert all(job.lock is None for job in house.review.memory.reviews.jobs.values())


@pytest.mark.parametrize(("left", "overdue"), [(timedelta(seconds=1), 0), (timedelta(0), 1)])
async def test_the_queue_says_what_is_overdue(
    house: ReviewHouse, left: timedelta, overdue: int
) -> None:
    await house.review.flag("u1")
    (job,) = house.review.memory.reviews.jobs.values()
    house.now = job.deadline_at - left
    ann = await house.browser_of(await house.person(Role.MODERATOR, "ann"))

    text = (await ann.get("/queue")).text

    assert len(waiting(text)) == 1
    assert text.count("overdue") == overdue


async def test_the_start_page_says_how_much_is_open_to_who_may_look_at_it(
    house: ReviewHouse, ann: httpx.AsyncClient
) -> None:
    assert 'class="tag"' not in (await ann.get("/")).text
    await house.review.flag("u1")
    assert "1 open<" in (await ann.get("/")).text
    await house.review.flag("u2", policy="mild")
    assert "2 open<" in (await ann.get("/")).text

    (job, _) = house.review.memory.reviews.jobs.values()
    house.now = job.deadline_at
    lee = await house.browser_of(await house.person(Role.LEAD, "lee"))
    vic = await house.browser_of(await house.person(Role.VIEWER, "vic"))

    assert "2 open, the earliest deadline is past" in (await lee.get("/")).text
    assert 'class="tag"' not in (await vic.get("/")).text


async def test_queues_are_counted_without_telling_kinds_apart(
    house: ReviewHouse, ann: httpx.AsyncClient
) -> None:
    await house.review.flag("u1")
    await house.review.flag("u2")
    await house.review.flag("u3", tenant="other")
    jobs = house.review.memory.reviews.jobs
    some = next(iter(jobs.values()))
    jobs[some.job_id] = replace(some, kind=JobKind.KNOWN_ITEM)

    text = (await ann.get("/queue")).text

    assert [row[:2] for row in waiting(text)] == [("strict", "2")]
    assert "known" not in text


async def test_a_moderator_takes_from_the_queue_of_one_policy(
    house: ReviewHouse, ann: httpx.AsyncClient
) -> None:
    await house.review.flag("u1")
    await house.review.flag("u2", policy="mild")
    assert "<option>mild</option>" in (await ann.get("/queue")).text

    answer = await ann.post("/queue/next", data={"queue": "mild"})

    job_id = answer.headers["location"].rpartition("/")[2]
    assert house.review.memory.reviews.jobs[job_id].upload_id == "u2"
    none = await ann.post("/queue/next", data={"queue": "none such"})
    assert none.headers["location"] == f"/queue/{job_id}"  # they have one
