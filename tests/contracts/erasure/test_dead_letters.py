"""Dead letters go with the uploads that they name, wherever in them the name stands."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.database import reading, writing
from storage.dead_letters import SqlDeadLetters
from storage.erasure.holdings import dead_letters_of
from storage.ports import DeadLetterFilter, OutboundMessage
from storage.retention.thinning import thin
from storage.tables import dead_letter_uploads, dead_letters
from tests.contracts.erasure.house import House, count
from tests.contracts.plans import plan_of
from tests.contracts.words import NOON, a_letter


async def test_only_dead_letters_that_name_the_upload_go(house: House) -> None:
    await house.keep("u_1")
    letters = SqlDeadLetters(house.engine)
    await letters.keep(a_letter(1, key=b"other", value=b'{"upload":{"upload_id":"u_1"}}'))
    await letters.keep(a_letter(2, key=None, value=b'{"upload_id": "u_1"}'))
    await letters.keep(a_letter(3, key=b"u_10", value=b'{"upload_id":"u_10"}'))
    await letters.keep(a_letter(4, key=b"uX1", value=b'{"upload_id":"uX1"}'))
    await letters.keep(a_letter(5, key=b"a", value=b'[{"upload_id":"b"}, {"upload_id":"u_1"},'))
    await letters.keep(a_letter(6, key=None, value=b"?", headers={"ce_subject": b"u_1"}))

    await house.erase("u_1")

    async with reading(house.engine) as connection:
        left = await connection.scalars(select(dead_letters.c.origin_offset))
        assert sorted(left) == [3, 4, 5]


BOTH = b'[{"upload_id":"u1","file_name":"holiday.mp4"},{"upload_id":"u2"}]'


async def erased_before(house: House, letters: SqlDeadLetters) -> None:
    await house.erase("u1")
    assert await letters.keep(a_letter(key=b"u1", value=BOTH, trace="holiday.mp4"))


async def erased_after(house: House, letters: SqlDeadLetters) -> None:
    assert await letters.keep(a_letter(key=b"u1", value=BOTH, trace="holiday.mp4"))
    await house.erase("u1")


@pytest.mark.parametrize("erase", [erased_before, erased_after])
async def test_a_letter_about_others_too_stays_without_the_erased_one_until_they_go(
    house: House, erase: Callable[[House, SqlDeadLetters], Awaitable[None]]
) -> None:
    await house.keep("u1")
    await house.keep("u2", sha256="a1" * 32)
    letters = SqlDeadLetters(house.engine)

    await erase(house, letters)

    (kept,) = await letters.find(DeadLetterFilter(), limit=2)
    assert (kept.letter.key, kept.letter.value) == (None, b'[{"upload_id": "u2"}]')
    assert "holiday" not in repr(kept)
    assert await count(house.engine, dead_letter_uploads) == 1
    await house.erase("u2")
    assert await count(house.engine, dead_letters) == 0


async def test_a_letter_about_others_too_stays_when_one_has_had_its_time(house: House) -> None:
    await house.keep("u1")
    letters = SqlDeadLetters(house.engine)
    await letters.keep(a_letter(value=BOTH))

    async with writing(house.engine) as connection:
        await thin(connection, "u1")

    (kept,) = await letters.find(DeadLetterFilter(), limit=2)
    assert kept.letter.value == b'[{"upload_id": "u2"}]'


async def test_a_dead_letter_whose_bytes_name_an_erased_upload_is_not_kept(house: House) -> None:
    await house.keep()
    await house.erase()
    letters = SqlDeadLetters(house.engine)

    assert not await letters.keep(a_letter(1, key=None, value=b'{"upload_id":"u1"}'))
    assert await letters.keep(a_letter(2, key=None, value=b'{"upload_id":"u2"}'))


async def test_a_letter_that_fails_again_still_names_its_upload(house: House) -> None:
    letters = SqlDeadLetters(house.engine)
    await letters.keep(a_letter(key=b"u1"))
    (kept,) = await letters.find(DeadLetterFilter(), limit=2)
    again = OutboundMessage(topic="test.scores", key="u1", value=b"{}")
    assert await letters.redrive(kept.dead_letter_id, now=NOON, publish=again)
    assert await letters.keep(a_letter(key=b"u1"))
    await house.keep()

    await house.erase()

    assert await count(house.engine, dead_letters) == 0


async def test_dead_letters_of_an_upload_are_found_by_an_index(engine: AsyncEngine) -> None:
    plan = await plan_of(engine, select(dead_letters).where(dead_letters_of(["u1", "u2"])))

    assert "pk_dead_letter_uploads" in plan or "PRIMARY KEY" in plan or "autoindex" in plan
    assert not re.search(r"(Seq Scan on|SCAN) dead_letter", plan)
