"""Reading a topic of a real Kafka as a bystander."""

from __future__ import annotations

import uuid

from storage.ports import OutboundMessage
from streams.admin import create_topics
from streams.kafka import KafkaPublisher
from streams.tail import tail
from streams.topics import Topics
from tests.parts.broker import Kafka

MESSAGES = 60
READINGS = 100  # one in a hundred saw nothing when the place was sought after the start


async def test_every_reading_from_the_beginning_sees_all_that_is_there(kafka: Kafka) -> None:
    topics = Topics(f"tail-{uuid.uuid4().hex[:8]}", partitions=6)
    connection = {"bootstrap_servers": kafka.address}
    await create_topics(connection, topics.every(), replication=1)
    publisher = KafkaPublisher(connection, idempotent=True)
    await publisher.start()
    await publisher.publish([_message(topics.verdicts, number) for number in range(MESSAGES)])
    await publisher.close()
    for _ in range(READINGS):
        values = tail(connection, topics.verdicts, from_beginning=True, follow=False)
        assert len([value async for value in values]) == MESSAGES


def _message(topic: str, number: int) -> OutboundMessage:
    return OutboundMessage(topic=topic, key=f"k{number}", value=b"x", headers={"ce_id": b"1"})
