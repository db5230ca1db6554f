"""Parts die in turns while uploads pass; every upload has one end all the same."""

from __future__ import annotations

import asyncio
import io
import random
import signal
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import text

from moderation.upload import Lane, Upload
from runtime.embedded.triton import EmbeddedTriton
from storage.database import open_database, reading
from streams.intake import announcement
from streams.kafka import KafkaPublisher
from streams.messages import REACHED
from streams.tail import tail
from streams.topics import Topics
from tests.parts.broker import Kafka
from tests.parts.deployment import Deployment, Process, fresh_database
from tests.parts.postgres import Postgres

SAMPLE = Path(__file__).parents[2] / "samples" / "portrait.jpg"
COUNT = 300
BROKEN = 15
SEED = 20261122
PATIENCE_SECONDS = 600
STOP_SECONDS = 40  # a worker is allowed 30, and a busy machine some more


@pytest.mark.timeout(1500)
async def test_300_uploads_have_300_ends_whatever_dies(
    kafka: Kafka, postgres: Postgres, triton: EmbeddedTriton, tmp_path: Path
) -> None:
    topics = Topics(f"crash-{uuid.uuid4().hex[:8]}")
    database = await fresh_database(postgres)
    deployment = Deployment(
        tmp_path,
        {
            "STATE": str(tmp_path / "state"),
            "KAFKA__BOOTSTRAP": kafka.address,
            "KAFKA__PREFIX": topics.prefix,
            "KAFKA__GROUP": topics.prefix,
            "KAFKA__PARTITIONS": "6",
            "KAFKA__SESSION": "PT6S",
            "SCORING__TRITON": triton.grpc,
            "DATABASE__URL": database,
            "MEDIA__STORE": str(tmp_path / "media"),
            "MEDIA__ALLOWED_ROOTS": f'["{tmp_path / "uploads"}"]',
            "DECODING__PROCESSES": "1",
            "STREAM__LIVE_DEADLINE": "PT60S",
            "STREAM__RECONCILE_EVERY": "PT5S",
        },
    )
    deployment.command("db", "upgrade")
    deployment.command("topics", "create")
    try:
        for service in ("intake", "relay", "reconcile"):
            deployment.start(service, service)
        workers = [deployment.start(f"worker-{number}", "worker") for number in (1, 2)]
        media = _make_media(tmp_path / "uploads")
        announcing = asyncio.create_task(_announce(kafka, topics, media))
        faults = asyncio.create_task(_faults(workers, kafka, postgres, triton))
        await announcing
        await faults
        await _until_all_ended(database)
    finally:
        deployment.close()
    await _check_ledger(database)
    await _check_topic(kafka, topics)


def _make_media(folder: Path) -> list[Path]:
    """Pictures that differ in their noise, and some that break off."""
    folder.mkdir()
    portrait = np.asarray(Image.open(SAMPLE).convert("RGB"), np.int16)
    random_ = np.random.default_rng(SEED)
    media = []
    for number in range(COUNT):
        noise = random_.integers(-6, 7, portrait.shape, np.int16)
        content = io.BytesIO()
        picture = Image.fromarray(np.clip(portrait + noise, 0, 255).astype(np.uint8))
        picture.save(content, "JPEG", quality=80)
        whole = content.getvalue()
        path = folder / f"{number}.jpg"
        path.write_bytes(whole[:600] if number < BROKEN else whole)
        media.append(path)
    return media


async def _announce(kafka: Kafka, topics: Topics, media: list[Path]) -> None:
    """Announce over a minute, as any producer may, through broker restarts."""
    publisher = KafkaPublisher({"bootstrap_servers": kafka.address}, idempotent=True)
    await publisher.start()
    for number, path in enumerate(media):
        upload = Upload(
            upload_id=f"upload-{number}",
            tenant="acme",
            lane=Lane.LIVE if number % 3 else Lane.BACKFILL,
            uri=path.as_uri(),
            announced_at=datetime.now(UTC),
        )
        await _patiently(lambda upload=upload: publisher.publish([announcement(upload, topics)]))
        await asyncio.sleep(0.2)
    await publisher.close()


async def _patiently(work: Callable[[], Awaitable[None]]) -> None:
    from streams.retries import BackOff, patiently

    await patiently(work, BackOff(attempts=None))


async def _faults(
    workers: list[Process], kafka: Kafka, postgres: Postgres, triton: EmbeddedTriton
) -> None:
    """About eighty seconds of faults, the same ones for the same seed."""
    chance = random.Random(SEED)
    once: dict[int, Callable[[], Awaitable[None]]] = {
        4: kafka.server.restart,
        8: triton.server.kill,
        9: triton.server.start,
        13: postgres.server.restart,
    }
    await asyncio.sleep(8)
    for turn in range(18):
        if turn in once:
            await once[turn]()
        else:
            await _hurt(chance.choice(workers), chance)
        await asyncio.sleep(chance.uniform(2, 5))


async def _hurt(worker: Process, chance: random.Random) -> None:
    fault = chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP])
    worker.signal(fault)
    if fault is signal.SIGSTOP:
        await asyncio.sleep(9)  # longer than its session: its partitions go to the other
        worker.signal(signal.SIGCONT)
        return
    await asyncio.to_thread(worker.wait, STOP_SECONDS)
    worker.start()


async def _until_all_ended(database: str) -> None:
    ended = 0
    for _ in range(PATIENCE_SECONDS):
        counts = await _counts(database)
        ended, waiting = counts["current"], counts["outbox"]
        if ended == COUNT and waiting == 0:
            return
        await asyncio.sleep(1)
    raise AssertionError(f"{ended} of {COUNT} uploads ended")


async def _counts(database: str) -> dict[str, int]:
    queries = {
        "uploads": "SELECT count(*) FROM uploads",
        "current": "SELECT count(*) FROM verdicts WHERE is_current",
        "uploads with one": "SELECT count(DISTINCT upload_id) FROM verdicts WHERE is_current",
        "outbox": "SELECT count(*) FROM outbox",
        "dead letters": "SELECT count(*) FROM dead_letters",
    }
    engine = open_database(database)
    try:
        async with reading(engine) as connection:
            return {name: await connection.scalar(text(sql)) for name, sql in queries.items()}
    finally:
        await engine.dispose()


async def _check_ledger(database: str) -> None:
    assert await _counts(database) == {
        "uploads": COUNT,
        "current": COUNT,
        "uploads with one": COUNT,
        "outbox": 0,
        "dead letters": 0,
    }


async def _check_topic(kafka: Kafka, topics: Topics) -> None:
    """At least one message an upload, and never two verdicts for one lineage."""
    told: dict[tuple[str, str], set[bytes]] = defaultdict(set)
    rejected: set[str] = set()
    connection = {"bootstrap_servers": kafka.address}
    async for value in tail(connection, topics.verdicts, from_beginning=True, follow=False):
        verdict = REACHED.decode(value).verdict
        told[verdict.upload_id, verdict.lineage.digest].add(value)
        if verdict.rejection is not None:
            rejected.add(verdict.upload_id)
    assert {upload_id for upload_id, _ in told} == {f"upload-{n}" for n in range(COUNT)}
    assert all(len(values) == 1 for values in told.values())
    assert rejected == {f"upload-{n}" for n in range(BROKEN)}
