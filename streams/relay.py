"""Hop 4: what transactions left in the outbox goes to the broker, in order."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from monitoring import metrics
from monitoring.health import Pulse
from storage.ports import Outbox
from streams.ports import Publisher
from streams.retries import BackOff, patiently

_BATCH = 500
_FOR_EVER = BackOff(attempts=None)


class Relay:
    """Publishes the outbox. At least once: it may die between the broker's answer and the row's."""

    def __init__(self, outbox: Outbox, publisher: Publisher, *, idle_seconds: float = 0.3) -> None:
        self._outbox = outbox
        self._publisher = publisher
        self._idle_seconds = idle_seconds
        self.pulse = Pulse()

    async def run(self) -> None:
        """Publish until cancelled."""
        while True:
            if not await patiently(self.once, _FOR_EVER, on_failure=_note):
                await asyncio.sleep(self._idle_seconds)

    async def once(self) -> int:
        """Publish one batch and return its size.

        Raises:
            BrokerUnavailable, LedgerUnavailable: all of it is still in the outbox.
        """
        pending = await self._outbox.pending(limit=_BATCH)
        if pending:
            await self._publisher.publish([entry.message for entry in pending])
            await self._outbox.discard([entry.outbox_id for entry in pending])
            metrics.OUTBOX_PUBLISHED.inc(len(pending))
        self.pulse.beat()
        return len(pending)


async def watch_outbox(outbox: Outbox, *, every_seconds: float = 10.0) -> None:
    """Keep the outbox's metrics until cancelled."""
    while True:
        count, since = await patiently(outbox.backlog, _FOR_EVER, on_failure=_note)
        age = (datetime.now(UTC) - since).total_seconds() if since else 0.0
        metrics.OUTBOX_PENDING.set(count)
        metrics.OUTBOX_OLDEST_SECONDS.set(age)
        await asyncio.sleep(every_seconds)


def _note(error: Exception, _failures: int) -> None:
    metrics.RETRIES.labels("relay", type(error).__name__).inc()
