"""A broker in memory: what was published stays in a list."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from moderation.errors import BrokerUnavailable, UnpublishableMessage
from storage.ports import OutboundMessage
from streams.retries import Origin


def delivered(message: OutboundMessage) -> Origin:
    """A message as who reads it gets it, the first of its topic."""
    return Origin(
        topic=message.topic,
        partition=0,
        offset=0,
        key=message.key.encode(),
        value=message.value,
        headers=dict(message.headers),
    )


class InMemoryPublisher:
    """Is away for the first `failures` attempts; never takes what is refused by key or size."""

    def __init__(
        self,
        *,
        failures: int = 0,
        refused_keys: Collection[str] = (),
        largest_bytes: int | None = None,
    ) -> None:
        self.published: list[OutboundMessage] = []
        self._failures = failures
        self._refused_keys = refused_keys
        self._largest_bytes = largest_bytes

    async def publish(self, messages: Sequence[OutboundMessage]) -> None:
        """See `streams.ports.Publisher`; of several messages all are taken, or none."""
        if self._failures > 0:
            self._failures -= 1
            raise BrokerUnavailable
        if any(self._refuses(message) for message in messages):
            raise UnpublishableMessage
        self.published += messages

    def _refuses(self, message: OutboundMessage) -> bool:
        too_large = self._largest_bytes is not None and len(message.value) > self._largest_bytes
        return too_large or message.key in self._refused_keys
