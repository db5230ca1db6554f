"""What talks to Kafka."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from moderation.upload import Lane
from monitoring.health import Pulse
from runtime.settings import Settings
from runtime.wiring.kept import Kept
from runtime.wiring.securing import kafka_security
from streams.app import FaustConnection, build_app
from streams.consuming import LedgerConsumer
from streams.dead_letters import KeepDeadLetters
from streams.hops import Settler
from streams.intake import Deadlines, Intake
from streams.kafka import KafkaPublisher
from streams.offsets import App
from streams.ports import Publisher
from streams.reconcile import Reconciler
from streams.retries import FOR_EVER
from streams.topics import Topics


def topics(settings: Settings) -> Topics:
    return Topics(settings.kafka.prefix, partitions=settings.kafka.partitions)


def connection(settings: Settings) -> dict[str, Any]:
    """What every aiokafka client is given.

    Raises:
        InvalidConfiguration: a file that TLS needs cannot be read.
    """
    return {
        "bootstrap_servers": settings.kafka.bootstrap,
        "client_id": "veriscope",
        **kafka_security(settings).options(),
    }


def membership(settings: Settings) -> dict[str, int]:
    """What every aiokafka consumer of a group is given, besides its connection."""
    session_ms = int(settings.kafka.session.total_seconds() * 1000)
    return {
        "session_timeout_ms": session_ms,
        "heartbeat_interval_ms": session_ms // 4,
        # A broker answers as soon as it has something; Tansu does not, and nobody waits for these.
        "fetch_max_wait_ms": 5_000,
    }


@asynccontextmanager
async def open_publisher(settings: Settings) -> AsyncIterator[KafkaPublisher]:
    """Raises: BrokerUnavailable."""
    publisher = KafkaPublisher(connection(settings), idempotent=settings.kafka.idempotent)
    await publisher.start()
    try:
        yield publisher
    finally:
        await publisher.close()


def deadlines(settings: Settings) -> Deadlines:
    return Deadlines(live=settings.stream.live_deadline, backfill=settings.stream.backfill_deadline)


def reconciler(settings: Settings, kept: Kept) -> Reconciler:
    return Reconciler(
        kept.open_uploads,
        deadlines(settings),
        topics(settings),
        announcements=settings.stream.announcements,
    )


def intake(settings: Settings, kept: Kept) -> Intake:
    return Intake(kept.ledger, topics(settings), deadlines(settings))


def ledger_consumers(settings: Settings, kept: Kept, publisher: Publisher) -> list[LedgerConsumer]:
    """The consumers whose work is one write: of announcements, and of dead letters."""
    names = topics(settings)
    announcing, setting_aside = Pulse(), Pulse()
    announcements = Settler(
        "intake",
        intake(settings, kept),
        publisher,
        dead_letters=names.dead_letters,
        back_off=FOR_EVER,
        pulse=announcing,
    )
    letters = KeepDeadLetters(kept.dead_letters, pulse=setting_aside)
    return [
        LedgerConsumer(
            connection(settings) | membership(settings),
            group=f"{settings.kafka.group}-{name}",
            topics=sources,
            settle=settle,
            pulse=pulse,
        )
        for name, sources, settle, pulse in (
            ("intake", [names.uploads(lane) for lane in Lane], announcements.settle, announcing),
            ("dead-letters", [names.dead_letters], letters.settle, setting_aside),
        )
    ]


def build_faust(settings: Settings) -> App:
    return build_app(
        FaustConnection(
            broker=settings.kafka.bootstrap,
            group=f"{settings.kafka.group}-worker",
            session=settings.kafka.session,
            fetch_wait=settings.kafka.fetch_wait,
            data_folder=str(settings.state / "faust"),
            security=kafka_security(settings),
        )
    )
