from __future__ import annotations

import pytest

from moderation.errors import BrokerUnavailable
from storage.in_memory import InMemoryDeadLetters, InMemoryLedger, InMemoryOutbox, Memory
from storage.ports import DeadLetterFilter, OutboundMessage
from streams.in_memory import InMemoryPublisher
from streams.relay import Relay
from tests.builders import NOON, an_upload

MESSAGES = [OutboundMessage(topic="t", key=f"k{number}", value=b"{}") for number in range(3)]


class Desk:
    """A relay over memory."""

    def __init__(self, publisher: InMemoryPublisher) -> None:
        memory = Memory()
        self.ledger = InMemoryLedger(memory)
        self.outbox = InMemoryOutbox(memory)
        self.dead_letters = InMemoryDeadLetters(memory)
        self.publisher = publisher
        self.relay = Relay(self.outbox, self.dead_letters, publisher)

    async def fill(self) -> None:
        await self.ledger.announce(an_upload(), deadline_at=NOON, publish=MESSAGES)

    async def waiting(self) -> int:
        return (await self.outbox.backlog())[0]


async def test_the_outbox_is_published_in_order_and_emptied() -> None:
    desk = Desk(InMemoryPublisher())
    await desk.fill()
    assert await desk.relay.once() == len(MESSAGES)
    assert desk.publisher.published == MESSAGES
    assert await desk.waiting() == 0


async def test_what_the_broker_did_not_take_stays_in_the_outbox() -> None:
    desk = Desk(InMemoryPublisher(failures=1))
    await desk.fill()
    with pytest.raises(BrokerUnavailable):
        await desk.relay.once()
    assert await desk.waiting() == len(MESSAGES)


async def test_a_message_that_the_broker_never_takes_does_not_stop_the_others() -> None:
    desk = Desk(InMemoryPublisher(refused_keys={"k1"}))
    await desk.fill()
    await desk.relay.once()
    assert [message.key for message in desk.publisher.published] == ["k0", "k2"]
    assert await desk.waiting() == 0
    (kept,) = await desk.dead_letters.find(DeadLetterFilter(), limit=10)
    assert (kept.letter.key, kept.letter.reason) == (b"k1", "UnpublishableMessage")
