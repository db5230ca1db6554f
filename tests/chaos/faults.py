"""The faults: each is done to the scene, lasts as long as its strike says, and is undone again.

Each returns how many it met, services, connections, requests or whatever its means can see; one
that sees nobody returns None.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from urllib.parse import urlsplit

import asyncpg
import grpc
import psutil

from tests.chaos.bucket import Mood
from tests.chaos.impostor import one_too_many
from tests.chaos.plan import Strike
from tests.chaos.scene import SCORING_SECONDS, SESSION_SECONDS, Scene, until
from tests.parts.broker import Kafka
from tests.parts.postgres import Postgres
from tests.parts.scripted_triton import Answer, empty, not_finite, sound
from tests.parts.servers import stubs_of

STOP_SECONDS = 120  # a service is allowed 30, and a busy machine some more

Fault = Callable[[Scene, Strike], Awaitable[int | None]]
Part = Callable[[Scene], Kafka | Postgres]


async def kill_worker(scene: Scene, strike: Strike) -> int:
    return await kill_service(scene, strike, name=strike.worker)


async def end_worker(scene: Scene, strike: Strike) -> int:
    worker = scene.deployment.processes[strike.worker]
    pid = worker.pid

    async def ended() -> bool:
        return worker.pid != pid or not worker.running

    met = scene.send(strike.worker, signal.SIGTERM)
    await until(
        ended,
        seconds=STOP_SECONDS,
        otherwise=f"{strike.worker} was asked to end, and did not",
    )
    return met


async def stop_worker(scene: Scene, strike: Strike) -> int:
    """Longer than its session: its partitions go to the other, and it knows nothing of it."""
    met = scene.send(strike.worker, signal.SIGSTOP)
    await asyncio.sleep(SESSION_SECONDS + strike.seconds / 2)
    scene.deployment.processes[strike.worker].signal(signal.SIGCONT)
    return met


async def kill_service(scene: Scene, _strike: Strike, *, name: str) -> int:
    return scene.send(name, signal.SIGKILL)


async def restart(scene: Scene, _strike: Strike, *, part: Part) -> int:
    met = await asyncio.to_thread(_connections, scene, part(scene))
    await part(scene).server.restart()
    return met


async def kill(scene: Scene, strike: Strike, *, part: Part) -> int:
    met = await asyncio.to_thread(_connections, scene, part(scene))
    await part(scene).server.kill()
    await asyncio.sleep(strike.seconds)
    await part(scene).server.start()
    return met


def _connections(scene: Scene, part: Kafka | Postgres) -> int:
    """How many the services have to it."""
    port = urlsplit(f"kafka://{part.address}" if isinstance(part, Kafka) else part.url).port
    count = 0
    for service in scene.deployment.processes.values():
        with suppress(psutil.Error):  # it ended meanwhile
            connections = psutil.Process(service.pid).net_connections("tcp")
            count += sum(bool(one.raddr) and one.raddr.port == port for one in connections)
    return count


async def kill_triton(scene: Scene, strike: Strike) -> int:
    await scene.parts.triton.server.kill()
    before = scene.switch.traffic
    await asyncio.sleep(strike.seconds)
    met = scene.switch.traffic - before
    await scene.parts.triton.server.start()
    return met


async def kill_stubs(scene: Scene, _strike: Strike) -> int:
    """Triton does not start them again, and says that all is well."""
    stubs = stubs_of(scene.parts.triton)
    for pid in stubs:
        os.kill(pid, signal.SIGKILL)
    return len(stubs)


async def triton_answers(scene: Scene, strike: Strike, *, script: grpc.StatusCode | Answer) -> int:
    scene.impostor.script = [script]
    before = scene.impostor.calls.count("infer")
    scene.switch.point(scene.impostor_address)
    try:
        await asyncio.sleep(strike.seconds)
    finally:
        scene.switch.point(scene.parts.triton.grpc)
    return scene.impostor.calls.count("infer") - before


async def hold_triton(scene: Scene, strike: Strike) -> int:
    """What is asked is answered after its asker gave up."""
    scene.switch.hold()
    before = scene.switch.traffic
    try:
        await asyncio.sleep(SCORING_SECONDS + strike.seconds / 4)
        return scene.switch.traffic - before
    finally:
        scene.switch.release()


async def alter_database(scene: Scene, strike: Strike, *, change: str, back: str) -> int:
    met = await _alter_database(scene, change)
    try:
        await asyncio.sleep(strike.seconds)
    finally:
        await _alter_database(scene, back)
    return met


async def _alter_database(scene: Scene, change: str) -> int:
    """Change the ledger's database from another one, and have all its clients connect anew.

    Returns how many sessions that ended.
    """
    name = scene.database.rpartition("/")[2]
    connection = await asyncpg.connect(scene.parts.postgres.url)
    try:
        await connection.execute(f"ALTER DATABASE {name} {change}")
        ended = await connection.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
        )
    finally:
        await connection.close()
    return len(ended)


async def fill_disk(scene: Scene, strike: Strike) -> None:
    assert scene.disk is not None
    await asyncio.to_thread(scene.disk.fill)
    await asyncio.sleep(strike.seconds)
    scene.disk.empty()


async def spoil_bucket(scene: Scene, strike: Strike, *, mood: Mood) -> int:
    before = scene.bucket.answered[mood]
    scene.bucket.mood = mood
    await asyncio.sleep(strike.seconds)
    scene.bucket.mood = Mood.FINE
    return scene.bucket.answered[mood] - before


async def move_clock(scene: Scene, strike: Strike) -> None:
    scene.clock.move(strike.clock_seconds)
    await asyncio.sleep(strike.seconds)
    scene.clock.move(0)


def _broker(scene: Scene) -> Kafka:
    return scene.parts.kafka


def _database(scene: Scene) -> Postgres:
    return scene.parts.postgres


SERVICES: Mapping[str, Fault] = {
    "worker killed": kill_worker,
    "worker told to end": end_worker,
    "worker stopped beyond its session": stop_worker,
    "intake killed": partial(kill_service, name="intake"),
    "relay killed": partial(kill_service, name="relay"),
    "reconcile killed": partial(kill_service, name="reconcile"),
}

PARTS: Mapping[str, Fault] = {
    "broker restarted": partial(restart, part=_broker),
    "broker killed": partial(kill, part=_broker),
    "Triton killed": kill_triton,
    "Triton's stubs killed": kill_stubs,
    "Triton slow": hold_triton,
    "Triton unavailable": partial(triton_answers, script=grpc.StatusCode.UNAVAILABLE),
    "Triton answers nothing": partial(triton_answers, script=empty),
    "Triton answers no numbers": partial(triton_answers, script=not_finite),
    "Triton answers too narrow": partial(triton_answers, script=sound),
    "Triton answers one too many": partial(triton_answers, script=one_too_many),
    "database restarted": partial(restart, part=_database),
    "database killed": partial(kill, part=_database),
    "database refuses": partial(
        alter_database, change="ALLOW_CONNECTIONS false", back="ALLOW_CONNECTIONS true"
    ),
    "database read-only": partial(
        alter_database,
        change="SET default_transaction_read_only = on",
        back="RESET default_transaction_read_only",
    ),
    "bucket answers 503": partial(spoil_bucket, mood=Mood.BUSY),
    "bucket cuts bodies": partial(spoil_bucket, mood=Mood.CUTTING),
    "clock moved": move_clock,
}
DISK: Mapping[str, Fault] = {"disk full": fill_disk}

ALL: Mapping[str, Fault] = {**SERVICES, **PARTS, **DISK}


def decks(scene: Scene) -> tuple[list[str], list[str]]:
    """What can be done here: to Veriscope's own processes, and to what they depend on.

    What stands twice is done twice as often.
    """
    disk = DISK if scene.disk is not None else {}
    return [*SERVICES, "worker killed"], [*PARTS, *disk]


def left_out(scene: Scene) -> list[str]:
    """A line for each kind that cannot be done here."""
    return [] if scene.disk else ["disk full: this process may not mount a tmpfs"]
