"""How media are shown: as the organisation has it, or as somebody chose for themselves."""

from __future__ import annotations

import httpx
import pytest

from moderation.people import Role
from tests.unit.console.evidence import CLIP
from tests.unit.console.review import ReviewHouse


@pytest.fixture
async def ann(house: ReviewHouse) -> httpx.AsyncClient:
    await house.review.flag(media=CLIP, uri="store:///media/acme/u1/1")
    await house.review.store.put("media/acme/u1/1", b"\x00\x00\x00\x18ftypisom")
    return await house.browser_of(await house.person(Role.MODERATOR, "ann"))


async def test_media_are_blurred_grey_and_quiet_until_somebody_chooses_otherwise(
    ann: httpx.AsyncClient,
) -> None:
    usual = (await ann.get("/uploads/u1")).text
    answer = await ann.post("/you/viewing", data={"blurred": "yes"})
    own = (await ann.get("/uploads/u1")).text

    assert answer.status_code == 303
    assert 'class="crop veiled"' in usual
    assert " muted" in usual.partition("<video")[2].partition(">")[0]
    assert 'class="crop veiled coloured"' in own
    assert " muted" not in own.partition("<video")[2].partition(">")[0]


async def test_a_choice_is_ones_own(house: ReviewHouse, ann: httpx.AsyncClient) -> None:
    await ann.post("/you/viewing", data={"grey": "yes"})
    bob = await house.browser_of(await house.person(Role.MODERATOR, "bob"))

    assert 'class="crop veiled"' in (await bob.get("/uploads/u1")).text
    assert 'class="crop veiled sharp"' in (await ann.get("/uploads/u1")).text


async def test_who_gives_their_choice_up_follows_the_organisation_again(
    ann: httpx.AsyncClient,
) -> None:
    await ann.post("/you/viewing", data={"csrf": ""})
    chosen = (await ann.get("/you/viewing")).text
    await ann.post("/you/viewing", data={"usual": "yes"})

    assert "checked" not in chosen.partition("<form method")[2].partition("<dialog")[0]
    assert 'class="crop veiled"' in (await ann.get("/uploads/u1")).text


async def test_a_choice_of_another_site_is_not_taken(ann: httpx.AsyncClient) -> None:
    answer = await ann.post(
        "/you/viewing", data={"muted": "yes"}, headers={"Origin": "https://evil.example"}
    )

    assert answer.status_code == 403
