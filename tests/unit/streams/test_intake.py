from __future__ import annotations

from datetime import timedelta

import pytest

from moderation.errors import UnparsableMessage
from moderation.upload import Lane
from storage.in_memory import InMemoryLedger, InMemoryOutbox, Memory
from streams.intake import Deadlines, Intake, announcement
from streams.messages import ANNOUNCED
from tests.builders import NOON, TOPICS, an_origin, an_upload

DEADLINES = Deadlines(live=timedelta(minutes=10), backfill=timedelta(days=1))


def an_intake(memory: Memory) -> Intake:
    return Intake(InMemoryLedger(memory), TOPICS, DEADLINES)


async def test_an_announced_upload_gets_its_row_and_nothing_is_announced_again() -> None:
    memory = Memory()
    origin = an_origin(announcement(an_upload(), TOPICS).value)
    assert await an_intake(memory)(origin) == []
    assert (await InMemoryLedger(memory).status("u1")).upload == an_upload()
    assert await InMemoryOutbox(memory).pending(limit=10) == []


async def test_the_topic_says_the_lane_whatever_the_message_says() -> None:
    memory = Memory()
    value = announcement(an_upload(lane=Lane.LIVE), TOPICS).value
    await an_intake(memory)(an_origin(value, topic=TOPICS.uploads(Lane.BACKFILL)))
    assert (await InMemoryLedger(memory).status("u1")).upload.lane is Lane.BACKFILL


async def test_an_accepted_upload_is_announced_through_the_outbox() -> None:
    memory = Memory()
    assert await an_intake(memory).accept(an_upload())
    (entry,) = await InMemoryOutbox(memory).pending(limit=10)
    assert entry.message.topic == "test.uploads.live"
    assert ANNOUNCED.decode(entry.message.value).upload == an_upload()


async def test_an_upload_that_is_known_is_not_announced_again() -> None:
    memory = Memory()
    await an_intake(memory).accept(an_upload())
    assert not await an_intake(memory).accept(an_upload())
    assert len(await InMemoryOutbox(memory).pending(limit=10)) == 1


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"{}",
        b"\xff",
        b'{"upload": {"upload_id": "../etc", "tenant": "a", "lane": "live", "uri": "x:///",'
        b' "announced_at": "2026-03-01T12:00:00Z"}}',
        b'{"upload": {"upload_id": "u1", "tenant": "a", "lane": "live", "uri": "x:///",'
        b' "announced_at": "2026-03-01T12:00:00"}}',
    ],
)
async def test_what_is_no_announcement_is_refused(value: bytes | None) -> None:
    with pytest.raises(UnparsableMessage):
        await an_intake(Memory())(an_origin(value))


def test_each_further_announcement_waits_twice_as_long() -> None:
    waits = [
        DEADLINES.after(NOON, Lane.LIVE, announcements=number) - NOON for number in (1, 2, 3, 99)
    ]
    assert waits == [timedelta(minutes=minutes) for minutes in (10, 20, 40, 640)]
