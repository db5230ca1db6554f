"""Veriscope's services on real parts, as operators run them: uploads in, seconds out."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.partitioner import murmur2

from benchmarks.speed.parts import Parts
from moderation.upload import Lane, Upload
from storage import schema
from storage.ports import OutboundMessage
from streams.admin import create_topics
from streams.intake import announcement
from streams.kafka import KafkaPublisher
from streams.topics import Topics
from tests.parts.deployment import Deployment, fresh_database, settings_of

PARTITIONS = 12
_LOOKED_EVERY_SECONDS = 0.1  # each look costs the broker a millisecond
_PATIENCE_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Topics and a database of its own; `deployment` holds the processes of its services."""

    deployment: Deployment
    topics: Topics
    database: str
    publisher: KafkaPublisher
    consumer: AIOKafkaConsumer

    async def seconds_for(self, uris: Sequence[str]) -> float:
        """Announce an upload of each address at once, and wait until all have a verdict."""
        messages = announcements(uris, self.topics)
        before = await ended(self.consumer, self.topics.verdicts)
        clock = asyncio.get_running_loop().time
        began = clock()
        await self.publisher.publish(messages)
        await until_ended(self.consumer, self.topics.verdicts, before + len(messages))
        return clock() - began

    async def labels(self) -> Counter[str]:
        """How many uploads have which label now."""
        ledger = await asyncpg.connect(self.database)
        try:
            rows = await ledger.fetch(
                "SELECT label, count(*) AS uploads FROM verdicts WHERE is_current GROUP BY label"
            )
        finally:
            await ledger.close()
        return Counter({row["label"]: row["uploads"] for row in rows})

    def pids(self) -> dict[str, int]:
        return {name: process.pid for name, process in self.deployment.processes.items()}


@asynccontextmanager
async def open_stream(
    parts: Parts, folder: Path, settings: Mapping[str, str], *services: str
) -> AsyncIterator[Stream]:
    """Make topics and a database, and start services under their own names."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    topics = Topics(f"bench-{uuid.uuid4().hex[:8]}", partitions=PARTITIONS)
    database, kafka = await fresh_database(parts.postgres), parts.kafka.address
    await schema.upgrade(database)
    await create_topics({"bootstrap_servers": kafka}, topics.every(), replication=1)
    async with AsyncExitStack() as stack:
        own = settings_of(
            folder, kafka=kafka, prefix=topics.prefix, partitions=PARTITIONS, database=database
        )
        deployment = Deployment(folder, own | dict(settings))
        stack.callback(deployment.close)
        publisher = KafkaPublisher({"bootstrap_servers": kafka}, idempotent=True)
        await publisher.start()
        stack.push_async_callback(publisher.close)
        consumer = await stack.enter_async_context(looking_at(kafka))
        for service in services:
            deployment.start(service, service)
        yield Stream(
            deployment=deployment,
            topics=topics,
            database=database,
            publisher=publisher,
            consumer=consumer,
        )


def announcements(uris: Sequence[str], topics: Topics) -> list[OutboundMessage]:
    """One of each address, in the live lane, dealt to the partitions in turn."""
    ids = balanced_ids(PARTITIONS)
    uploads = [
        Upload(
            upload_id=next(ids),
            tenant="bench",
            lane=Lane.LIVE,
            uri=uri,
            announced_at=datetime.now(UTC),
        )
        for uri in uris
    ]
    return [announcement(upload, topics) for upload in uploads]


def balanced_ids(partitions: int) -> Iterator[str]:
    """Ids of which each lands on the next partition: with chance one worker would get more."""
    partition = 0
    while True:
        upload_id = str(uuid.uuid4())
        # As Kafka's producers choose: murmur2 of the key, without its sign.
        if (murmur2(upload_id.encode()) & 0x7FFFFFFF) % partitions == partition:
            yield upload_id
            partition = (partition + 1) % partitions


@asynccontextmanager
async def looking_at(kafka: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of nothing, to ask where topics end."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def ended(consumer: AIOKafkaConsumer, topic: str) -> int:
    """How many messages were ever written to a topic, of which nothing was compacted yet."""
    partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    return sum((await consumer.end_offsets(partitions)).values())


async def until_ended(consumer: AIOKafkaConsumer, topic: str, count: int) -> None:
    """Raises: TimeoutError: there were not that many messages within ten minutes."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while await ended(consumer, topic) < count:  # noqa: ASYNC110 (the broker is asked)
            await asyncio.sleep(_LOOKED_EVERY_SECONDS)
