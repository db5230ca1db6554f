"""The same hops with nothing but aiokafka: `python -m benchmarks.speed.plain_hops BROKER FILE`.

A consumer of the six topics that a worker reads, and one producer. Each message becomes the next
one on its way, with the key it came with and the bytes and headers that the stream had there
(`Course`, from FILE); what was acknowledged is committed once a second, as Faust does.
"""

from __future__ import annotations

import asyncio
import json
import sys
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

_COMMITTED_EVERY_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where a message goes from a topic, and what it then is."""

    to: str
    value: bytes
    headers: Sequence[tuple[str, bytes]]


Course = Mapping[str, Step]


def write_course(course: Course, file: Path) -> None:
    steps = {
        topic: {
            "to": step.to,
            "value": b64encode(step.value).decode(),
            "headers": [(name, b64encode(value).decode()) for name, value in step.headers],
        }
        for topic, step in course.items()
    }
    file.write_text(json.dumps(steps))


def read_course(file: Path) -> Course:
    return {
        topic: Step(
            to=step["to"],
            value=b64decode(step["value"]),
            headers=[(name, b64decode(value)) for name, value in step["headers"]],
        )
        for topic, step in json.loads(file.read_text()).items()
    }


async def main(broker: str, course: Course) -> None:
    """Work until killed."""
    consumer = AIOKafkaConsumer(
        *course,
        bootstrap_servers=broker,
        group_id="plain",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_poll_records=64,
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=broker, acks="all", enable_idempotence=True, linger_ms=5
    )
    await producer.start()
    await consumer.start()
    clock = asyncio.get_running_loop().time
    settled: dict[TopicPartition, int] = {}
    commit_at = clock() + _COMMITTED_EVERY_SECONDS
    while True:
        batches = await consumer.getmany(timeout_ms=200)
        await asyncio.gather(
            *[
                await _send(producer, course[partition.topic], record)
                for partition, records in batches.items()
                for record in records
            ]
        )
        settled |= {partition: records[-1].offset + 1 for partition, records in batches.items()}
        if settled and clock() > commit_at:
            await consumer.commit(settled)
            settled, commit_at = {}, clock() + _COMMITTED_EVERY_SECONDS


async def _send(
    producer: AIOKafkaProducer, step: Step, record: ConsumerRecord
) -> asyncio.Future[object]:
    sent: asyncio.Future[object] = await producer.send(
        step.to, key=record.key, value=step.value, headers=step.headers
    )
    return sent


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], read_course(Path(sys.argv[2]))))
