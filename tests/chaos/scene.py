"""All that can be hurt: the real parts, and Veriscope's services on them as operators run them."""

from __future__ import annotations

import asyncio
import signal
import uuid
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

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
_CODES = {signal.SIGKILL: {-signal.SIGKILL}, signal.SIGTERM: {0, -signal.SIGTERM}}
_ROOM_MIB, _UPLOAD_MIB = 128, 0.125  # of the disk: packs of an upload take a third of that
_START_SECONDS = 300.0  # of any part, on a machine that does other things besides


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The real servers."""

    kafka: Kafka
    postgres: Postgres
    triton: EmbeddedTriton


class End(NamedTuple):
    """A service ended with an exit code; `up` if it had answered before.

    `sent` is the last signal that a strike sent it, `after` are the last faults before it ended.
    """

    service: str
    code: int
    up: bool
    sent: signal.Signals | None
    after: tuple[str, ...]

    @property
    def explained(self) -> bool:
        """Whether it ended as one does that was sent that signal."""
        return self.sent is not None and self.code in _CODES.get(self.sent, ())


@dataclass(kw_only=True)
class Scene:
    """Workers reach Triton by `switch`. `disk` is None where it cannot be had.

    `database` is the ledger's address, `uploads` where media of uploads are to lie,
    `recent` are the last faults that struck, `ends` those of services that were started again.
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
    recent: deque[str] = field(default_factory=partial(deque[str], maxlen=2), init=False)
    ends: list[End] = field(default_factory=list, init=False)
    _up: set[int] = field(default_factory=set, init=False)
    _sent: dict[int, signal.Signals] = field(default_factory=dict, init=False)

    async def until_up(self) -> None:
        """Return once every service has started: a fault before that hits nobody."""
        async with httpx.AsyncClient(trust_env=False) as client:
            for name in self.deployment.processes:
                await until(
                    partial(self._answers, client, name),
                    seconds=_START_SECONDS,
                    otherwise=f"{name} did not start",
                )

    async def keep_up(self) -> None:
        """Start what has ended again, as an operator's supervisor would, until cancelled."""
        async with httpx.AsyncClient(trust_env=False, timeout=1.0) as client:
            while True:
                for name, process in self.deployment.processes.items():
                    if not process.running:
                        self.ends.append(self._end_of(name))
                        process.start()
                    elif process.pid not in self._up:
                        await self._answers(client, name)
                await asyncio.sleep(_KEPT_UP_EVERY_SECONDS)

    def send(self, name: str, number: signal.Signals) -> int:
        """Send a service a signal; 1 if it was up, 0 if it was away or only starting."""
        process = self.deployment.processes[name]
        if not process.running:
            return 0
        self._sent[process.pid] = number
        process.signal(number)
        return int(process.pid in self._up)

    def _end_of(self, name: str) -> End:
        process = self.deployment.processes[name]
        return End(
            service=name,
            code=process.wait(0),
            up=process.pid in self._up,
            sent=self._sent.get(process.pid),
            after=tuple(self.recent),
        )

    async def _answers(self, client: httpx.AsyncClient, name: str) -> bool:
        """Services listen when all else of them has started."""
        pid = self.deployment.processes[name].pid
        try:
            await client.get(f"{self.deployment.url(name)}/healthz")
        except httpx.HTTPError:
            return False
        self._up.add(pid)
        return True


async def until(
    condition: Callable[[], Awaitable[bool]], *, seconds: float, otherwise: str
) -> None:
    """Raises: AssertionError: it did not come true in time."""
    clock = asyncio.get_running_loop().time
    end = clock() + seconds
    while not await condition():
        assert clock() < end, otherwise
        await asyncio.sleep(0.1)


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
