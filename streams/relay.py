"""Hop 4: what transactions left in the outbox goes to the broker, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from moderation.errors import UnpublishableMessage
from monitoring import metrics
from monitoring.health import Pulse
from storage.ports import DeadLetters, Outbox, PendingMessage
from streams.ports import Publisher
from streams.retries import FOR_EVER, Origin, dead_letter, note, patiently

log = structlog.get_logger()

_BATCH = 500


class Relay:
    """Publishes the outbox. At least once: it may die between the broker's answer and the row's."""

    def __init__(
        self,
        outbox: Outbox,
        dead_letters: DeadLetters,
        publisher: Publisher,
        *,
        idle_seconds: float = 0.3,
    ) -> None:
        self._outbox = outbox
        self._dead_letters = dead_letters
        self._publisher = publisher
        self._idle_seconds = idle_seconds
        self.pulse = Pulse()

    async def run(self) -> None:
        """Publish until cancelled."""
        while True:
            if not await patiently(self.once, FOR_EVER, on_failure=note("relay", self.pulse)):
                await asyncio.sleep(self._idle_seconds)

    async def once(self) -> int:
        """Publish one batch and return its size.

        Raises:
            BrokerUnavailable, LedgerUnavailable: all of it is still in the outbox.
        """
        pending = await self._outbox.pending(limit=_BATCH)
        if pending:
            try:
                await self._publish(pending)
            except UnpublishableMessage:
                for entry in pending:
                    await self._publish_or_set_aside(entry)
        self.pulse.beat()
        return len(pending)

    async def _publish(self, entries: Sequence[PendingMessage]) -> None:
        await self._publisher.publish([entry.message for entry in entries])
        await self._outbox.discard([entry.outbox_id for entry in entries])
        metrics.OUTBOX_PUBLISHED.inc(len(entries))

    async def _publish_or_set_aside(self, entry: PendingMessage) -> None:
        """Publish one message alone; one that the broker never takes must not stop the others."""
        try:
            await self._publish([entry])
        except UnpublishableMessage as error:
            letter = dead_letter(_origin(entry), error, attempts=1)
            await self._dead_letters.keep(letter)
            await self._outbox.discard([entry.outbox_id])
            metrics.DEAD_LETTERS.labels("relay", letter.fault, letter.reason).inc()
            log.error("outbox.set_aside", topic=entry.message.topic, detail=letter.detail)


def _origin(entry: PendingMessage) -> Origin:
    message = entry.message
    return Origin(
        topic=message.topic,
        partition=-1,  # it never had one
        offset=entry.outbox_id,
        key=message.key.encode(),
        value=message.value,
        headers=dict(message.headers),
    )


async def watch_outbox(outbox: Outbox, *, every_seconds: float = 10.0) -> None:
    """Keep the outbox's metrics until cancelled."""
    while True:
        count, since = await patiently(outbox.backlog, FOR_EVER, on_failure=note("relay"))
        age = (datetime.now(UTC) - since).total_seconds() if since else 0.0
        metrics.OUTBOX_PENDING.set(count)
        metrics.OUTBOX_OLDEST_SECONDS.set(age)
        await asyncio.sleep(every_seconds)
