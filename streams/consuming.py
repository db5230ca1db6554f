"""Plain aiokafka consumers with manual commits, for hops whose work is one write to the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from moderation.errors import Unavailable
from monitoring.health import Pulse
from streams.connections import unavailable
from streams.retries import FOR_EVER, Origin, note

log = structlog.get_logger()


class LedgerConsumer:
    """Settles every record of some topics, in order, and commits after that.

    `pulse` is shared with `settle`, which beats it while it waits for a dependency.
    """

    def __init__(
        self,
        connection: Mapping[str, Any],
        *,
        group: str,
        topics: Sequence[str],
        settle: Callable[[Origin], Awaitable[None]],
        pulse: Pulse | None = None,
    ) -> None:
        self._connection = connection
        self._topics = topics
        self._settle = settle
        self.group = group
        self.pulse = pulse or Pulse()
        self._failures = 0

    async def run(self) -> None:
        """Consume until cancelled; a broker that goes away is waited for."""
        noted = note(self.group, self.pulse)
        while True:
            try:
                await self._consume()
            except Unavailable as error:
                self._failures += 1
                noted(error, self._failures)
                await asyncio.sleep(FOR_EVER.pause(self._failures))

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
                self._failures = 0
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
