from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest

from moderation.errors import Inconsistent, LedgerUnavailable, MissingPack, UnparsableMessage
from storage.in_memory import InMemoryDeadLetters, Memory
from storage.ports import OutboundMessage
from streams.dead_letters import KeepDeadLetters, from_message
from streams.hops import Handle, Settler, decoding
from streams.in_memory import InMemoryPublisher
from streams.messages import ANNOUNCED
from streams.retries import BackOff, Origin

AT_ONCE = BackOff(first_seconds=0.0, longest_seconds=0.0, attempts=3)
ORIGIN = Origin(
    topic="veriscope.uploads.live",
    partition=2,
    offset=7,
    key=b"\xff\x00",
    value=b"not json \xff",
    headers={"ce_id": b"1"},
)
ONWARD = OutboundMessage(topic="next", key="u1", value=b"{}")


def a_settler(handle: Handle, publisher: InMemoryPublisher) -> Settler:
    return Settler("test", handle, publisher, dead_letters="dead", back_off=AT_ONCE)


def failing(error: Exception, *, times: int = 10**6) -> Handle:
    failures = iter(range(times))

    async def handle(_origin: Origin) -> list[OutboundMessage]:
        if next(failures, None) is not None:
            raise error
        return [ONWARD]

    return handle


async def test_what_a_message_leads_to_is_published() -> None:
    publisher = InMemoryPublisher()
    await a_settler(failing(MissingPack(), times=0), publisher).settle(ORIGIN)
    assert publisher.published == [ONWARD]


@pytest.mark.parametrize(("failures", "topic"), [(2, "next"), (3, "dead")])
async def test_a_dependency_that_is_down_is_waited_for_until_patience_ends(
    failures: int, topic: str
) -> None:
    publisher = InMemoryPublisher()
    await a_settler(failing(LedgerUnavailable(), times=failures), publisher).settle(ORIGIN)
    assert [message.topic for message in publisher.published] == [topic]


@pytest.mark.parametrize("error", [MissingPack("gone"), ZeroDivisionError("a defect")])
async def test_our_own_fault_is_set_aside_at_once_with_its_trace(error: Exception) -> None:
    publisher = InMemoryPublisher()
    await a_settler(failing(error, times=1), publisher).settle(ORIGIN)
    (message,) = publisher.published
    letter = from_message(message.value, dict(message.headers))
    assert (letter.fault, letter.reason, letter.attempts) == ("ours", type(error).__name__, 1)
    assert type(error).__name__ in letter.trace


async def test_a_message_that_does_not_parse_keeps_its_bytes() -> None:
    publisher = InMemoryPublisher()

    async def never(_message: object) -> list[OutboundMessage]:
        raise AssertionError

    await a_settler(decoding(ANNOUNCED, never), publisher).settle(ORIGIN)
    (message,) = publisher.published
    letter = from_message(message.value, dict(message.headers))
    assert letter.reason == UnparsableMessage.__name__
    assert (letter.key, letter.value, letter.headers) == (
        ORIGIN.key,
        ORIGIN.value,
        ORIGIN.headers,
    )
    assert (letter.origin_topic, letter.origin_partition, letter.origin_offset) == (
        ORIGIN.topic,
        ORIGIN.partition,
        ORIGIN.offset,
    )


async def test_a_broker_that_is_down_never_costs_a_message() -> None:
    publisher = InMemoryPublisher(failures=2)
    async with asyncio.timeout(30):
        await a_settler(failing(Inconsistent(), times=0), publisher).settle(ORIGIN)
    assert publisher.published == [ONWARD]


async def test_a_message_too_large_even_for_a_dead_letter_is_cut_and_says_so() -> None:
    publisher = InMemoryPublisher(largest_bytes=300_000)
    large = replace(ORIGIN, value=b"x" * 400_000)
    async with asyncio.timeout(30):
        await a_settler(failing(MissingPack("gone"), times=1), publisher).settle(large)
    (message,) = publisher.published
    letter = from_message(message.value, dict(message.headers))
    assert "value of 400000 bytes cut" in letter.detail
    assert letter.value == b"x" * (256 * 1024)


async def test_what_cannot_be_kept_is_never_written_to_the_topic_it_came_from() -> None:
    memory = Memory()
    await KeepDeadLetters(InMemoryDeadLetters(memory)).settle(ORIGIN)
    assert memory.letters == {}


def test_a_header_without_a_value_is_an_empty_one() -> None:
    record = SimpleNamespace(
        topic="t", partition=0, offset=0, key=None, value=None, headers=(("a", None), ("b", b"1"))
    )
    assert Origin.of(record).headers == {"a": b"", "b": b"1"}
