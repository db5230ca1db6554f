"""Reads a topic as a bystander: no group, nothing committed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from moderation.errors import BrokerUnavailable
from streams.connections import unavailable


async def tail(
    connection: Mapping[str, Any], topic: str, *, from_beginning: bool, follow: bool
) -> AsyncIterator[bytes]:
    """Yield the values of a topic; without `follow`, what was there when it began.

    Raises:
        BrokerUnavailable: it cannot be reached, or has no such topic.
    """
    # Not by seeking after the start: aiokafka looks for its default place from then on, and an
    # answer that is late is taken for that of the seek.
    consumer = AIOKafkaConsumer(
        topic,
        **connection,
        enable_auto_commit=False,
        group_id=None,
        auto_offset_reset="earliest" if from_beginning else "latest",
    )
    try:
        await consumer.start()
        partitions = list(consumer.assignment())
        if not partitions:
            raise BrokerUnavailable(f"no topic {topic}: run `veriscope topics create`")
        ends = await consumer.end_offsets(partitions)
        while follow or await _behind(consumer, ends):
            batches = await consumer.getmany(timeout_ms=1000)
            for records in batches.values():
                for record in records:
                    if record.value is not None:
                        yield record.value
    except (KafkaError, OSError) as error:
        raise await unavailable(f"cannot read {topic}", connection, error) from error
    finally:
        await consumer.stop()


async def _behind(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> bool:
    return any([await consumer.position(partition) < end for partition, end in ends.items()])
