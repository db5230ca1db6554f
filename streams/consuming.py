"""Plain aiokafka consumers with manual commits, for hops whose work is one write to the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from monitoring.health import Pulse
from streams.connections import unavailable
from streams.retries import FOR_EVER, Origin, note, patiently

log = structlog.get_logger()


class LedgerConsumer:
    """Settles every record of some topics, in order, and commits after that."""

    def __init__(
        self,
        connection: Mapping[str, Any],
        *,
        group: str,
        topics: Sequence[str],
        settle: Callable[[Origin], Awaitable[None]],
    ) -> None:
        self._connection = connection
        self._topics = topics
        self._settle = settle
        self.group = group
        self.pulse = Pulse()

    async def run(self) -> None:
        """Consume until cancelled; a broker that goes away is waited for."""
        await patiently(self._consume, FOR_EVER, on_failure=note(self.group, self.pulse))

    async def _consume(self) -> None:
        consumer = AIOKafkaConsumer(
            *self._topics,
            **self._connection,
            group_id=self.group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        try:
            await consumer.start()
            while True:
                batches = await consumer.getmany(timeout_ms=2000, max_records=500)
                for partition, records in batches.items():
                    await self._settle_batch(consumer, partition, records)
                self.pulse.beat()
        except (KafkaError, OSError) as error:
            raise await unavailable(self.group, self._connection, error) from error
        finally:
            with suppress(KafkaError, OSError, asyncio.TimeoutError):
                await consumer.stop()

    async def _settle_batch(
        self, consumer: AIOKafkaConsumer, partition: TopicPartition, records: list[ConsumerRecord]
    ) -> None:
        for record in records:
            await self._settle(Origin.of(record))
            self.pulse.beat()
        try:
            await consumer.commit({partition: records[-1].offset + 1})
        except (CommitFailedError, IllegalStateError):
            log.info("commit.lost_partition", group=self.group, partition=partition.partition)
