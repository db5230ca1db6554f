"""What more workers bring, where models take time but no processor: the stream's own limit shows.

Each worker is stubbed (`stubbed_worker`) and may have `WINDOW` uploads at its models, which take
`MODEL_SECONDS`: no more than 20 verdicts a second each. The ledger is PostgreSQL, and all runs
on this machine; where its processors are full, `processors in use` says so.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections import defaultdict
from functools import partial

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from benchmarks.speed.findings import Cost, Findings, Ratio
from benchmarks.speed.parts import Parts, real_parts
from benchmarks.speed.processor import Meter
from benchmarks.speed.rounds import Bench, Side, alternate
from benchmarks.speed.stack import PARTITIONS, Stream
from benchmarks.speed.stubs import URI
from benchmarks.speed.transport import start_stub, stubbed_stream

WORKERS = (1, 2, 4)
WINDOW, MODEL_SECONDS = 8, 0.4
SECONDS = 12.0  # a round, where nothing else limits
GOAL = 0.9  # of what as many workers would do by themselves
_PATIENCE_SECONDS = 600.0


async def ask(bench: Bench) -> Findings:
    """Verdicts a second of 2 and of 4 workers over those of one."""
    busy: dict[str, list[float]] = defaultdict(list)
    async with (
        real_parts(bench.folder) as parts,
        stubbed_stream(
            parts,
            bench.folder / "stream",
            ledger="database",
            model_seconds=MODEL_SECONDS,
            STREAM__SCORE_WINDOW=str(WINDOW),
        ) as stream,
    ):
        seconds = SECONDS * bench.scale
        sides: dict[str, Side] = {
            _told(workers): partial(_verdicts_a_second, parts, stream, workers, seconds, busy)
            for workers in WORKERS
        }
        figures = await alternate(sides, rounds=bench.rounds, say=bench.say)
    alone = figures[_told(1)]
    return Findings(
        question="scale-out",
        ratios=tuple(
            Ratio(
                name=f"scale-out, {workers} workers",
                ours=_told(workers),
                theirs="one",
                unit="verdicts a second",
                over=figures[_told(workers)],
                under=alone,
                goal=GOAL * workers,
            )
            for workers in WORKERS[1:]
        ),
        costs=tuple(
            Cost(name=name, unit="processors in use", values=tuple(values))
            for name, values in busy.items()
        ),
        notes=(
            f"a worker can have {WINDOW} uploads at models that take {MODEL_SECONDS:g} s: "
            f"{WINDOW / MODEL_SECONDS:g} verdicts a second at most",
        ),
    )


def _told(workers: int) -> str:
    return "1 worker" if workers == 1 else f"{workers} workers"


async def _verdicts_a_second(
    parts: Parts,
    stream: Stream,
    workers: int,
    seconds: float,
    busy: dict[str, list[float]],
    _round: int,
) -> float:
    await _have(stream, workers)
    await _until_joined(parts, f"{stream.topics.prefix}-worker", workers)
    await stream.seconds_for([URI] * PARTITIONS)
    meter = Meter({"all": os.getpid()})
    count = max(PARTITIONS, round(seconds * workers * WINDOW / MODEL_SECONDS))
    took = await stream.seconds_for([URI] * count)
    busy[_told(workers)].append(meter.seconds()["all"] / took)
    return count / took


async def _have(stream: Stream, workers: int) -> None:
    """Start or stop workers until there are so many."""
    processes = stream.deployment.processes
    for number in range(1, max(WORKERS) + 1):
        name = f"worker-{number}"
        if number <= workers and name not in processes:
            start_stub(stream, name, ledger="database", model_seconds=MODEL_SECONDS)
        if number > workers and name in processes:
            leaving = processes.pop(name)
            leaving.signal(signal.SIGTERM)
            await asyncio.to_thread(leaving.wait, _PATIENCE_SECONDS)


async def _until_joined(parts: Parts, group: str, members: int) -> None:
    """Raises: TimeoutError: the group never had so many members and was settled."""
    admin = AIOKafkaAdminClient(bootstrap_servers=parts.kafka.address)
    await admin.start()
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while await _state(admin, group) != ("Stable", members):  # noqa: ASYNC110 (the broker is asked)
                await asyncio.sleep(0.2)
    finally:
        await admin.close()


async def _state(admin: AIOKafkaAdminClient, group: str) -> tuple[str, int]:
    """What a consumer group does, and how many are in it."""
    try:
        (answer,) = await admin.describe_consumer_groups([group])
    except GroupCoordinatorNotAvailableError:  # the first of all groups is only being made
        return "", 0
    _, _, state, _, _, members, *_ = answer.groups[0]
    return state, len(members)
