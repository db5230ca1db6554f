"""Publishing to a real Kafka: what it refuses, and what it is when it goes away."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord

from moderation.errors import BrokerUnavailable, UnpublishableMessage
from storage.ports import OutboundMessage
from streams.admin import create_topics
from streams.kafka import KafkaPublisher
from streams.retries import FOR_EVER, patiently
from streams.tail import tail
from streams.topics import Topics
from tests.parts.broker import Kafka


@pytest.fixture
def topics() -> Topics:
    return Topics(f"publisher-{uuid.uuid4().hex[:8]}", partitions=1)


@pytest.fixture
async def publisher(kafka: Kafka, topics: Topics) -> AsyncIterator[KafkaPublisher]:
    connection = {"bootstrap_servers": kafka.address}
    await create_topics(connection, topics.every(), replication=1)
    publisher = KafkaPublisher(connection, idempotent=True, patience_seconds=5)
    await publisher.start()
    yield publisher
    await publisher.close()


def a_message(topic: str, size: int = 2, key: str = "k") -> OutboundMessage:
    return OutboundMessage(topic=topic, key=key, value=b"x" * size, headers={"ce_id": b"1"})


async def published(kafka: Kafka, topic: str) -> list[int]:
    connection = {"bootstrap_servers": kafka.address}
    values = tail(connection, topic, from_beginning=True, follow=False)
    return [len(value) async for value in values]


@pytest.mark.parametrize("size", [1_500_000, 3_000_000])
async def test_a_message_too_large_for_its_topic_is_refused_for_good(
    kafka: Kafka, publisher: KafkaPublisher, topics: Topics, size: int
) -> None:
    with pytest.raises(UnpublishableMessage):
        await publisher.publish([a_message(topics.verdicts, size)])
    await publisher.publish([a_message(topics.verdicts)])
    assert await published(kafka, topics.verdicts) == [2]


async def test_a_dead_letter_may_hold_the_largest_message_of_another_topic(
    kafka: Kafka, publisher: KafkaPublisher, topics: Topics
) -> None:
    await publisher.publish([a_message(topics.dead_letters, 1_500_000)])
    assert await published(kafka, topics.dead_letters) == [1_500_000]


async def test_a_broker_that_went_away_and_came_back_is_published_to_again(
    kafka: Kafka, publisher: KafkaPublisher, topics: Topics
) -> None:
    await publisher.publish([a_message(topics.verdicts, 1)])
    await kafka.server.kill()
    try:
        with pytest.raises(BrokerUnavailable):
            await publisher.publish([a_message(topics.verdicts, 3)])
    finally:
        await kafka.server.start()
    await patiently(lambda: publisher.publish([a_message(topics.verdicts, 4)]), FOR_EVER)
    sizes = await published(kafka, topics.verdicts)
    assert sizes[0] == 1
    assert sizes[-1] == 4


async def test_an_empty_value_travels_as_a_tombstone(
    kafka: Kafka, publisher: KafkaPublisher, topics: Topics
) -> None:
    erased = OutboundMessage(topic=topics.verdicts, key="k", value=b"")

    await publisher.publish([a_message(topics.verdicts), erased])

    records = await everything(kafka, topics.verdicts)
    assert [(record.key, record.value) for record in records] == [(b"k", b"xx"), (b"k", None)]


async def everything(kafka: Kafka, topic: str) -> list[ConsumerRecord]:
    """All records of a topic with one partition, tombstones too."""
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=kafka.address, group_id=None, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        (partition,) = consumer.assignment()
        end = (await consumer.end_offsets([partition]))[partition]
        found: list[ConsumerRecord] = []
        while len(found) < end:
            batches = await consumer.getmany(timeout_ms=1000)
            found += batches.get(partition, [])
        return found
    finally:
        await consumer.stop()
