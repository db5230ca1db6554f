"""How the consumers of the ledger wait: for a broker, and for the ledger itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError
from structlog.testing import capture_logs

from moderation.errors import LedgerUnavailable
from monitoring import health
from runtime import wiring
from runtime.settings import Settings
from storage.ports import OutboundMessage
from streams import consuming
from streams.consuming import LedgerConsumer
from streams.dead_letters import to_message
from streams.in_memory import InMemoryPublisher, delivered
from streams.intake import announcement
from streams.retries import Origin, dead_letter
from tests.builders import an_upload

NOWHERE = {"bootstrap_servers": "127.0.0.1:1"}


class Broker:
    """Answers as scripted: with records, or with an error; then never again."""

    def __init__(self, *answers: list[Any] | Exception) -> None:
        self._answers: Iterator[list[Any] | Exception] = iter(answers)
        self.silent = asyncio.Event()

    def __call__(self, *_topics: str, **_connection: Any) -> Broker:
        return self

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def commit(self, _offsets: object) -> None: ...

    async def getmany(self, **_limits: int) -> dict[TopicPartition, list[Any]]:
        answer = next(self._answers, None)
        if answer is None:
            self.silent.set()
            await asyncio.Event().wait()
        if isinstance(answer, Exception):
            raise answer
        return {TopicPartition("t", 0): answer} if answer else {}


@asynccontextmanager
async def consuming_from(
    broker: Broker, consumer: LedgerConsumer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[None]:
    monkeypatch.setattr(consuming, "AIOKafkaConsumer", broker)
    task = asyncio.create_task(consumer.run())
    try:
        async with asyncio.timeout(30):
            yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.mark.parametrize(
    ("between", "failures"), [([[]], [1, 1]), ([], [1])], ids=["a turn", "no turn"]
)
async def test_failures_are_in_a_row_only_without_a_turn_between(
    between: list[list[Any]], failures: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = Broker(KafkaConnectionError(), *between, KafkaConnectionError())
    consumer = LedgerConsumer(NOWHERE, group="g", topics=["t"], settle=_settle_nothing)
    with capture_logs() as logs:
        async with consuming_from(broker, consumer, monkeypatch):
            await broker.silent.wait()
    # The first and the fifth in a row are worth a line, the second is not.
    assert [line["failures"] for line in logs if line["event"] == "waiting"] == failures


async def _settle_nothing(_origin: Origin) -> None: ...


class Away:
    """A ledger, and a keeper of dead letters, that takes ten minutes to say that it is away."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked = 0
        self.twice = asyncio.Event()

    async def announce(self, *_args: Any, **_kwargs: Any) -> bool:
        return await self._answer()

    async def keep(self, *_args: Any) -> bool:
        return await self._answer()

    async def _answer(self) -> bool:
        self.asked += 1
        self.now += 600.0
        if self.asked == 2:
            self.twice.set()
            await asyncio.Event().wait()
        raise LedgerUnavailable


@pytest.mark.parametrize("which", ["intake", "dead-letters"])
async def test_waiting_for_the_ledger_is_not_hanging(
    which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = Away()
    monkeypatch.setattr(health, "monotonic", lambda: away.now)
    settings = Settings()
    kept: Any = SimpleNamespace(ledger=away, dead_letters=away)
    consumers = wiring.ledger_consumers(settings, kept, InMemoryPublisher())
    (consumer,) = (one for one in consumers if one.group.endswith(f"-{which}"))
    stuck = consumer.pulse.stuck_after(900.0)
    broker = Broker([a_record(message_for(which, settings))])
    async with consuming_from(broker, consumer, monkeypatch):
        await away.twice.wait()
        assert stuck() is None
        away.now += 600.0
        assert stuck() == "no turn for 1200 s"


def message_for(which: str, settings: Settings) -> OutboundMessage:
    topics = wiring.topics(settings)
    announced = announcement(an_upload(), topics)
    if which == "intake":
        return announced
    letter = dead_letter(delivered(announced), LedgerUnavailable(), attempts=1)
    return to_message(letter, topic=topics.dead_letters)


def a_record(message: OutboundMessage) -> Any:
    origin = delivered(message)
    return SimpleNamespace(**asdict(origin) | {"headers": tuple(origin.headers.items())})
