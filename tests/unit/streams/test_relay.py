from __future__ import annotations

import pytest

from moderation.errors import BrokerUnavailable
from storage.in_memory import InMemoryLedger, InMemoryOutbox, Memory
from storage.ports import OutboundMessage
from streams.in_memory import InMemoryPublisher
from streams.relay import Relay
from tests.builders import NOON, an_upload

MESSAGES = [OutboundMessage(topic="t", key=f"k{number}", value=b"{}") for number in range(3)]


async def an_outbox() -> InMemoryOutbox:
    memory = Memory()
    await InMemoryLedger(memory).announce(an_upload(), deadline_at=NOON, publish=MESSAGES)
    return InMemoryOutbox(memory)


async def test_the_outbox_is_published_in_order_and_emptied() -> None:
    outbox, publisher = await an_outbox(), InMemoryPublisher()
    assert await Relay(outbox, publisher).once() == len(MESSAGES)
    assert publisher.published == MESSAGES
    assert await outbox.pending(limit=10) == []


async def test_what_the_broker_did_not_take_stays_in_the_outbox() -> None:
    outbox = await an_outbox()
    with pytest.raises(BrokerUnavailable):
        await Relay(outbox, InMemoryPublisher(failures=1)).once()
    assert len(await outbox.pending(limit=10)) == len(MESSAGES)
