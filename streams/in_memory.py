"""A broker in memory: what was published stays in a list."""

from __future__ import annotations

from collections.abc import Sequence

from moderation.errors import BrokerUnavailable
from storage.ports import OutboundMessage


class InMemoryPublisher:
    """Refuses the first `failures` attempts, whole."""

    def __init__(self, *, failures: int = 0) -> None:
        self.published: list[OutboundMessage] = []
        self._failures = failures

    async def publish(self, messages: Sequence[OutboundMessage]) -> None:
        if self._failures > 0:
            self._failures -= 1
            raise BrokerUnavailable
        self.published += messages
