"""All that can be hurt: the real parts, and Veriscope's services on them as operators run them."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx

from runtime.embedded.triton import EmbeddedTriton
from streams.topics import Topics
from tests.chaos.bucket import NAME, Bucket, bucket_of
from tests.chaos.clock import Clock, movable_clock
from tests.chaos.disk import Disk, small_disk
from tests.chaos.impostor import Impostor, impostor_of
from tests.chaos.plan import WORKERS
from tests.chaos.switch import Switch, switched
from tests.parts.broker import Kafka
from tests.parts.deployment import Deployment, fresh_database, settings_of
from tests.parts.postgres import Postgres

SESSION_SECONDS = 6
SCORING_SECONDS = 10  # for one request to Triton: the default
_PARTITIONS = 6
_KEPT_UP_EVERY_SECONDS = 1.0
_ROOM_MIB, _UPLOAD_MIB = 128, 0.125  # of the disk: packs of an upload take a third of that
_START_SECONDS = 300.0  # of any part, on a machine that does other things besides


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The real servers."""

    kafka: Kafka
    postgres: Postgres
    triton: EmbeddedTriton


@dataclass(kw_only=True)
class Scene:
    """Workers reach Triton by `switch`. `disk` is None where it cannot be had.

    `database` is the ledger's address, `uploads` where media of uploads are to lie,
    `restarts` counts the services that were started again.
    """

    parts: Parts
    deployment: Deployment
    topics: Topics
    database: str
    uploads: Path
    switch: Switch
    impostor: Impostor
    impostor_address: str
    bucket: Bucket
    disk: Disk | None
    clock: Clock
    restarts: int = field(default=0, init=False)

    async def until_up(self) -> None:
        """Return once every service has started: a fault before that hits nobody."""
        async with httpx.AsyncClient(trust_env=False) as client:
            for name in self.deployment.processes:
                await until(
                    partial(_answers, client, self.deployment.url(name)),
                    seconds=_START_SECONDS,
                    otherwise=f"{name} did not start",
                )

    async def keep_up(self) -> None:
        """Start what has ended again, as an operator's supervisor would, until cancelled."""
        while True:
            for process in self.deployment.processes.values():
                if not process.running:
                    process.start()
                    self.restarts += 1
            await asyncio.sleep(_KEPT_UP_EVERY_SECONDS)


async def until(
    condition: Callable[[], Awaitable[bool]], *, seconds: float, otherwise: str
) -> None:
    """Raises: AssertionError: it did not come true in time."""
    clock = asyncio.get_running_loop().time
    end = clock() + seconds
    while not await condition():
        assert clock() < end, otherwise
        await asyncio.sleep(0.1)


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    """Services listen when all else of them has started."""
    try:
        await client.get(f"{url}/healthz")
    except httpx.HTTPError:
        return False
    return True


@asynccontextmanager
async def open_scene(parts: Parts, folder: Path, *, uploads: int) -> AsyncIterator[Scene]:
    """Start all services, with topics and a database of their own; end them with the block.

    Their disk has room for that many `uploads`.
    """
    for server in (parts.kafka.server, parts.postgres.server, parts.triton.server):
        server.start_seconds = _START_SECONDS
    async with AsyncExitStack() as stack:
        room = _ROOM_MIB + round(uploads * _UPLOAD_MIB)
        disk = stack.enter_context(small_disk(folder / "disk", mebibytes=room))
        bucket = stack.enter_context(bucket_of(folder / "uploads"))
        switch, scorer = await stack.enter_async_context(switched(parts.triton.grpc))
        impostor, address = await stack.enter_async_context(impostor_of(parts.triton.grpc))
        clock = movable_clock(folder)
        topics = Topics(f"chaos-{uuid.uuid4().hex[:8]}")
        database = await fresh_database(parts.postgres)
        places = settings_of(
            folder,
            kafka=parts.kafka.address,
            prefix=topics.prefix,
            partitions=_PARTITIONS,
            database=database,
        )
        deployment = Deployment(folder, places | _settings(folder, scorer))
        deployment.environment |= bucket.environment() | clock.environment()
        stack.callback(deployment.close)
        await asyncio.to_thread(deployment.command, "db", "upgrade")
        await asyncio.to_thread(deployment.command, "topics", "create")
        for worker in WORKERS:
            deployment.start(worker, "worker", STATE=str(folder / worker))
        for service in ("intake", "relay", "reconcile"):
            deployment.start(service, service)
        yield Scene(
            parts=parts,
            deployment=deployment,
            topics=topics,
            database=database,
            uploads=folder / "uploads",
            switch=switch,
            impostor=impostor,
            impostor_address=address,
            bucket=bucket,
            disk=disk,
            clock=clock,
        )


def _settings(folder: Path, scorer: str) -> dict[str, str]:
    """Beside where things are: patience is cut, so that dead letters and repetitions occur."""
    return {
        "KAFKA__SESSION": f"PT{SESSION_SECONDS}S",
        "SCORING__TRITON": scorer,
        "SCORING__DEADLINE": f"PT{SCORING_SECONDS}S",
        "MEDIA__STORE": str(folder / "disk" / "media"),
        "MEDIA__ALLOWED_ROOTS": f'["{folder / "uploads"}"]',
        "MEDIA__ALLOWED_BUCKETS": f'["s3://{NAME}"]',
        "DECODING__PROCESSES": "1",
        "STREAM__ATTEMPTS": "6",
        "STREAM__LIVE_DEADLINE": "PT60S",
        "STREAM__RECONCILE_EVERY": "PT5S",
    }
