"""On real Kafka: a worker that dies, or whose partitions are dealt anew, loses no upload."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from faust.types import TP

from moderation.upload import Lane, Upload
from storage.ports import OutboundMessage
from streams.admin import create_topics
from streams.app import FaustConnection, Worker, build_app
from streams.hops import Handle, Hop
from streams.in_memory import InMemoryPublisher
from streams.intake import announcement
from streams.kafka import KafkaPublisher
from streams.retries import BackOff, Origin
from streams.topics import Topics
from tests.parts.broker import Kafka

WORKER = Path(__file__).with_name("slow_worker.py")
UPLOADS = [f"upload-{number}" for number in range(20)]


async def test_a_killed_worker_loses_no_unfinished_upload(kafka: Kafka, tmp_path: Path) -> None:
    prefix = f"offsets-{uuid.uuid4()}"
    await _announce(kafka, prefix)
    handled = tmp_path / "handled"
    with _worker(kafka, prefix, handled, "upload-0") as process:
        await _until(lambda: _ids(handled) == set(UPLOADS[1:]))
        await asyncio.sleep(3)  # three commit intervals: time enough for a commit that is wrong
        process.kill()
    assert await _committed(kafka, prefix) in (None, 0)
    with _worker(kafka, prefix, handled):
        await _until(lambda: "upload-0" in _ids(handled))


async def test_a_worker_that_finished_everything_commits_its_end(
    kafka: Kafka, tmp_path: Path
) -> None:
    prefix = f"offsets-{uuid.uuid4()}"
    await _announce(kafka, prefix)
    handled = tmp_path / "handled"
    with _worker(kafka, prefix, handled):
        await _until(lambda: _ids(handled) == set(UPLOADS))
        for _ in range(60):
            if await _committed(kafka, prefix) == len(UPLOADS):
                return
            await asyncio.sleep(0.5)
    raise AssertionError(f"committed {await _committed(kafka, prefix)}, not {len(UPLOADS)}")


async def test_what_was_read_and_never_committed_is_read_again_after_a_rebalance(
    kafka: Kafka, tmp_path: Path
) -> None:
    prefix = f"offsets-{uuid.uuid4()}"
    await _announce(kafka, prefix)
    app, begun = build_app(_connection(kafka, prefix, tmp_path)), asyncio.Event()
    worker = Worker(app, Topics(prefix), InMemoryPublisher(), back_off=BackOff())
    worker.add(Hop(name="hung", handle=_hang(begun), window=50), Topics(prefix).uploads)
    await worker.start()
    try:
        await asyncio.wait_for(begun.wait(), 60)
        app.consumer.stop_flow()
        await app.consumer.perform_seek()  # as at the end of every rebalance
        assert await app.consumer.position(TP(Topics(prefix).uploads(Lane.LIVE), 0)) == 0
    finally:
        await worker.stop(within=timedelta(seconds=1))


def _connection(kafka: Kafka, prefix: str, folder: Path) -> FaustConnection:
    return FaustConnection(broker=kafka.address, group=prefix, data_folder=str(folder / "faust"))


def _hang(begun: asyncio.Event) -> Handle:
    async def handle(_: Origin) -> list[OutboundMessage]:
        begun.set()
        await asyncio.Event().wait()
        return []

    return handle


async def _announce(kafka: Kafka, prefix: str) -> None:
    topics = Topics(prefix, partitions=1)
    connection = {"bootstrap_servers": kafka.address}
    await create_topics(connection, topics.every(), replication=1)
    publisher = KafkaPublisher(connection, idempotent=True)
    await publisher.start()
    await publisher.publish([announcement(_upload(name), topics) for name in UPLOADS])
    await publisher.close()


def _upload(name: str) -> Upload:
    return Upload(
        upload_id=name,
        tenant="test",
        lane=Lane.LIVE,
        uri="store:///none",
        announced_at=datetime.now(UTC),
    )


@contextmanager
def _worker(kafka: Kafka, prefix: str, *arguments: object) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, str(WORKER), kafka.address, prefix, *map(str, arguments)]
    process = subprocess.Popen(command)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def _until(holds: Callable[[], bool]) -> None:
    for _ in range(600):
        if holds():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it did not come to that within a minute")


def _ids(handled: Path) -> set[str]:
    return set(handled.read_text().split()) if handled.exists() else set()


async def _committed(kafka: Kafka, prefix: str) -> int | None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.address)
    await admin.start()
    try:
        offsets = await admin.list_consumer_group_offsets(prefix)
    finally:
        await admin.close()
    found = offsets.get(TopicPartition(Topics(prefix).uploads(Lane.LIVE), 0))
    return found.offset if found is not None and found.offset >= 0 else None
