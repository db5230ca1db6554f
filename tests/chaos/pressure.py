"""Ten times the usual load: urgent uploads at their usual pace, nine times as many that can wait.

Urgent ones come over HTTP, as from people; the others are announced on Kafka, as a backfill
is. Now and then a crowd sends files at the same moment, more than are received at once.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
import psutil

from moderation.upload import Lane
from runtime.client import Client
from streams.retries import FOR_EVER, patiently
from tests.chaos.history import History, read_history, violations, waiting
from tests.chaos.scene import Parts, Scene, open_scene, until
from tests.chaos.uploads import Planned, announce, make_uploads

TIMES = 10
CROWD = 64
CROWDS = 5
PATIENCE_SECONDS = 3600.0
_LOOK_EVERY_SECONDS = 2.0
_ENDS = "SELECT upload_id, lane, announced_at, concluded_at FROM uploads"

Say = Callable[[str], None]


@dataclass(kw_only=True)
class Outcome:
    """What a run came to.

    `tried`: when an upload was first sent over HTTP, by its id. `waited`: seconds from then, or
    from the announcement, to the end, a list for each lane. `answers`: how often a crowd got which
    status. `hasty`: refusals that do not say when to come again. `memory`: a service's bytes in
    resident pages, all its processes together, a figure for each look.
    """

    rate: float
    seconds: float
    uploads: int
    tried: dict[str, datetime] = field(default_factory=dict)
    waited: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    answers: Counter[int] = field(default_factory=Counter)
    hasty: int = 0
    memory: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    caught_up_seconds: float = 0.0
    history: History | None = None


async def press(
    parts: Parts, folder: Path, *, rate: float, seconds: float, say: Say = print
) -> Outcome:
    """Send `rate` urgent uploads a second for so many seconds, and the rest beside them.

    Raises:
        AssertionError: an upload was lost, or one that was refused was taken all the same.
    """
    urgent, patient, crowd = await asyncio.to_thread(_plan, folder / "uploads", rate, seconds)
    say(f"{len(urgent)} urgent uploads, {len(patient)} others within {seconds:.0f} s, and crowds")
    outcome = Outcome(rate=rate, seconds=seconds, uploads=len(urgent) + len(patient))
    planned = outcome.uploads + len(crowd)
    async with open_scene(parts, folder, uploads=planned) as scene:
        scene.deployment.start("serve", "serve")
        await scene.until_up()
        looking = asyncio.create_task(_look(scene, outcome))
        taken = await _load(scene, urgent, patient, crowd, outcome)
        outcome.uploads += len(taken)
        say(f"all is sent; a crowd of {CROWD} was answered {dict(outcome.answers)}")
        await _until_home(scene, outcome, say)
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
        outcome.waited |= await _waits(scene, outcome.tried)
        outcome.history = await read_history(scene)
    sent = [*urgent, *patient, *taken]
    broken = violations(
        outcome.history,
        announced={one.upload_id for one in sent},
        broken={one.upload_id for one in sent if one.broken},
    )
    assert not broken, "\n".join(broken)
    return outcome


def _plan(
    folder: Path, rate: float, seconds: float
) -> tuple[list[Planned], list[Planned], list[Planned]]:
    """The urgent ones, those that can wait, and a crowd's."""
    count = round(rate * seconds * TIMES)
    planned = make_uploads(folder, count + CROWDS * CROWD, seed=1)
    urgent = [replace(one, lane=Lane.LIVE) for one in planned[:count:TIMES]]
    patient = [
        replace(one, lane=Lane.BACKFILL)
        for place, one in enumerate(planned[:count])
        if place % TIMES
    ]
    return urgent, patient, planned[count:]


async def _load(
    scene: Scene,
    urgent: Sequence[Planned],
    patient: Sequence[Planned],
    crowd: Sequence[Planned],
    outcome: Outcome,
) -> list[Planned]:
    """Send all of it side by side; returns those of the crowd that were taken."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(
            announce(
                patient,
                kafka=scene.parts.kafka.address,
                topics=scene.topics,
                within_seconds=outcome.seconds,
            )
        )
        tasks.create_task(_send_urgent(scene, urgent, outcome))
        crowds = tasks.create_task(_send_crowds(scene, crowd, outcome))
    return crowds.result()


async def _send_urgent(scene: Scene, urgent: Sequence[Planned], outcome: Outcome) -> None:
    """At a steady pace, whatever became of those before; who is refused comes again."""
    client = Client(scene.deployment.url("serve"), tenant="acme", lane=Lane.LIVE)
    async with asyncio.TaskGroup() as tasks:
        for one in urgent:
            outcome.tried[one.upload_id] = datetime.now(UTC)
            tasks.create_task(_send(client, scene, one))
            await asyncio.sleep(outcome.seconds / len(urgent))
    await client.close()


async def _send(client: Client, scene: Scene, one: Planned) -> None:
    file = _file_of(scene, one)
    await patiently(lambda: client.submit(str(file), upload_id=one.upload_id), FOR_EVER)


async def _send_crowds(scene: Scene, crowd: Sequence[Planned], outcome: Outcome) -> list[Planned]:
    taken = []
    limits = httpx.Limits(max_connections=CROWD)
    async with httpx.AsyncClient(
        base_url=scene.deployment.url("serve"), limits=limits, timeout=120.0, trust_env=False
    ) as client:
        for start in range(0, len(crowd), CROWD):
            await asyncio.sleep(outcome.seconds / (CROWDS + 1))
            together = crowd[start : start + CROWD]
            answers = await asyncio.gather(*(_knock(client, scene, one) for one in together))
            for one, answer in zip(together, answers, strict=True):
                outcome.answers[answer.status_code] += 1
                outcome.hasty += answer.status_code == 429 and "retry-after" not in answer.headers
                taken += [one] if answer.is_success else []
    return taken


async def _knock(client: httpx.AsyncClient, scene: Scene, one: Planned) -> httpx.Response:
    parameters = {"tenant": "acme", "lane": "backfill", "upload_id": one.upload_id}
    content = await asyncio.to_thread(_file_of(scene, one).read_bytes)
    files = {"file": ("a.jpg", content, "image/jpeg")}
    return await client.post("/v1/uploads", params=parameters, files=files)


def _file_of(scene: Scene, one: Planned) -> Path:
    return scene.uploads / one.uri.rpartition("/")[2]


async def _look(scene: Scene, outcome: Outcome) -> None:
    while True:
        for name, process in scene.deployment.processes.items():
            outcome.memory[name].append(await asyncio.to_thread(_resident_bytes, process.pid))
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


def _resident_bytes(pid: int) -> int:
    """Of a process and all that it started."""
    total = 0
    service = psutil.Process(pid)
    for process in (service, *service.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            total += process.memory_info().rss
    return total


async def _until_home(scene: Scene, outcome: Outcome, say: Say) -> None:
    clock = asyncio.get_running_loop().time
    began = clock()
    ledger = await asyncpg.connect(scene.database)

    async def home() -> bool:
        counts = await waiting(ledger)
        return counts["ended"] >= outcome.uploads and not counts["outbox"]

    try:
        await until(home, seconds=PATIENCE_SECONDS, otherwise="not all came home in an hour")
    finally:
        await ledger.close()
    outcome.caught_up_seconds = clock() - began
    say(f"all had come home {outcome.caught_up_seconds:.0f} s after the last was sent")


async def _waits(scene: Scene, tried: Mapping[str, datetime]) -> dict[str, list[float]]:
    waited: dict[str, list[float]] = defaultdict(list)
    ledger = await asyncpg.connect(scene.database)
    try:
        for row in await ledger.fetch(_ENDS):
            began = tried.get(row["upload_id"], row["announced_at"])
            waited[row["lane"]].append((row["concluded_at"] - began).total_seconds())
    finally:
        await ledger.close()
    return waited
