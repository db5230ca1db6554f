"""On real Kafka: a worker that dies with its first upload unfinished does not lose it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from moderation.upload import Lane, Upload
from streams.admin import create_topics
from streams.intake import announcement
from streams.kafka import KafkaPublisher
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
