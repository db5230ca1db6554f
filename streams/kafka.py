"""The broker as aiokafka reaches it: publishing, and what a connection needs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from moderation.errors import BrokerUnavailable
from storage.ports import OutboundMessage


class KafkaPublisher:
    """Publishes with `acks=all`.

    `idempotent` keeps the producer's own retries from writing twice; the
    embedded broker has no idempotent producers.
    """

    def __init__(self, connection: Mapping[str, Any], *, idempotent: bool) -> None:
        self._producer = AIOKafkaProducer(
            **connection,
            acks="all",
            enable_idempotence=idempotent,
            linger_ms=5,
            request_timeout_ms=15_000,
        )

    async def start(self) -> None:
        """Raises: BrokerUnavailable."""
        try:
            await self._producer.start()
        except (KafkaError, OSError) as error:
            await self._producer.stop()
            raise BrokerUnavailable(f"cannot reach Kafka: {error}") from error

    async def close(self) -> None:
        await self._producer.stop()

    async def publish(self, messages: Sequence[OutboundMessage]) -> None:
        """See `streams.ports.Publisher`."""
        try:
            sent = [
                await self._producer.send(
                    message.topic,
                    key=message.key.encode(),
                    value=message.value,
                    headers=list(message.headers.items()),
                )
                for message in messages
            ]
            await asyncio.gather(*sent)
        except (KafkaError, OSError, TimeoutError) as error:
            raise BrokerUnavailable(f"Kafka took no message: {error!r}") from error
