"""The broker as aiokafka publishes to it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)

from moderation.errors import BrokerUnavailable, UnpublishableMessage
from storage.ports import OutboundMessage
from streams.connections import unavailable
from streams.topics import LARGEST_DEAD_LETTER_BYTES
from streams.traces import sending

_REFUSED = (InvalidTopicError, MessageSizeTooLargeError, RecordListTooLargeError)


class KafkaPublisher:
    """Publishes with `acks=all`.

    `idempotent` keeps the producer's own retries from writing twice; the
    embedded broker has no idempotent producers. After a failure the producer is
    replaced: one whose sender has died, or whose sequence is lost, fails for ever.
    """

    def __init__(
        self, connection: Mapping[str, Any], *, idempotent: bool, patience_seconds: float = 30.0
    ) -> None:
        self._options = {
            **connection,
            "acks": "all",
            "enable_idempotence": idempotent,
            "linger_ms": 5,
            "max_request_size": LARGEST_DEAD_LETTER_BYTES,
            "request_timeout_ms": 15_000,
        }
        self._patience_seconds = patience_seconds
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        """Raises: BrokerUnavailable."""
        await self._started()

    async def close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await self._stop(producer)

    async def publish(self, messages: Sequence[OutboundMessage]) -> None:
        """See `streams.ports.Publisher`."""
        producer = await self._started()
        try:
            with sending(messages):
                async with asyncio.timeout(self._patience_seconds):
                    sent = [await _send(producer, message) for message in messages]
                    await asyncio.gather(*sent)
        except _REFUSED as error:
            raise UnpublishableMessage(f"Kafka refuses a message: {error!r}") from error
        except (KafkaError, OSError, TimeoutError) as error:
            await self._replace(producer)
            raise BrokerUnavailable(f"Kafka took no message: {error!r}") from error

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(**self._options)
                try:
                    await producer.start()
                except (KafkaError, OSError) as error:
                    await self._stop(producer)
                    raise await unavailable("Kafka", self._options, error) from error
                self._producer = producer
            return self._producer

    async def _replace(self, producer: AIOKafkaProducer) -> None:
        if self._producer is producer:
            self._producer = None
            await self._stop(producer)

    async def _stop(self, producer: AIOKafkaProducer) -> None:
        """Stop a producer; what it could not send in a few seconds it never will."""
        with suppress(KafkaError, OSError, TimeoutError):
            async with asyncio.timeout(5):
                await producer.stop()
                return
        with suppress(KafkaError, OSError):
            await producer.client.close()


async def _send(producer: AIOKafkaProducer, message: OutboundMessage) -> asyncio.Future[Any]:
    sent: asyncio.Future[Any] = await producer.send(
        message.topic,
        key=message.key.encode(),
        value=message.value or None,
        headers=list(message.headers.items()),
    )
    return sent
