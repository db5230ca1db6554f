"""What moving an upload through the hops costs beside its media work: Faust, codecs, the ledger.

The stream with stubbed media work (`stubbed_worker`), over a plain consumer and producer that do
the same hops (`plain_hops`): once with the ledger in memory, so that nothing but the transport is
compared, and once as it runs, with every row in PostgreSQL; the plain side has no ledger.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from benchmarks.speed.findings import Cost, Findings, Ratio
from benchmarks.speed.parts import Parts, real_parts
from benchmarks.speed.plain_hops import Step, write_course
from benchmarks.speed.processor import Meter
from benchmarks.speed.processor import parts as part_pids
from benchmarks.speed.rounds import Bench, Side, alternate
from benchmarks.speed.stack import PARTITIONS, Stream, open_stream
from benchmarks.speed.stubs import URI
from moderation.upload import Lane
from streams.admin import create_topics
from streams.topics import Topics
from tests.parts.deployment import Deployment, Process

GOAL = 0.5
IN_MEMORY, IN_DATABASE, PLAIN = 3000, 1000, 12_000  # uploads a round
_WARMING = 24


async def ask(bench: Bench) -> Findings:
    """Three sides in turn: no ledger, the real one, and plain."""
    async with real_parts(bench.folder) as parts:
        return await measured(bench, parts)


async def measured(bench: Bench, parts: Parts) -> Findings:
    """The same on parts that run already."""
    spent: dict[str, list[float]] = defaultdict(list)
    sides: dict[str, Side] = {}
    async with AsyncExitStack() as stack:
        for side, ledger, count in (
            ("no ledger", "memory", IN_MEMORY),
            ("PostgreSQL", "database", IN_DATABASE),
        ):
            opening = stubbed_stream(parts, bench.folder / ledger, ledger=ledger)
            stream = await stack.enter_async_context(opening)
            sides[side] = await _warmed(stream, bench.count(count), side, spent)
        plain = await stack.enter_async_context(_plain(parts, stream, bench.folder))
        sides["plain"] = await _warmed(plain, bench.count(PLAIN), "plain", spent)
        figures = await alternate(sides, rounds=bench.rounds, say=bench.say)
    return Findings(
        question="transport",
        ratios=(
            _ratio("transport", "media work stubbed, no ledger", figures["no ledger"], figures),
            _ratio("transport, ledger", "media work stubbed", figures["PostgreSQL"], figures),
        ),
        costs=tuple(
            Cost(name=name, unit="processor ms an upload", values=tuple(values))
            for name, values in spent.items()
        ),
        notes=("one worker: a Faust process is one event loop; `scale-out` tells of several",),
    )


def _ratio(
    name: str, ours: str, over: tuple[float, ...], figures: Mapping[str, tuple[float, ...]]
) -> Ratio:
    return Ratio(
        name=name,
        ours=ours,
        theirs="aiokafka alone",
        unit="uploads a second",
        over=over,
        under=figures["plain"],
        goal=GOAL,
    )


async def _warmed(stream: Stream, count: int, side: str, spent: dict[str, list[float]]) -> Side:
    """Let some uploads pass; then what measures a round of `count`."""
    await stream.seconds_for([URI] * _WARMING)

    async def uploads_a_second(_round: int) -> float:
        meter = Meter(part_pids() | stream.pids())
        seconds = await stream.seconds_for([URI] * count)
        for part, used in meter.seconds().items():
            spent[f"{side}: {part}"].append(used * 1000 / count)
        return count / seconds

    return uploads_a_second


@asynccontextmanager
async def stubbed_stream(
    parts: Parts, folder: Path, *, ledger: str, model_seconds: float = 0.0, **settings: str
) -> AsyncIterator[Stream]:
    """A stream with one worker, `worker-1`; what runs beside it is what its ledger needs."""
    services = () if ledger == "memory" else ("intake", "relay")
    async with open_stream(parts, folder, settings, *services) as stream:
        start_stub(stream, "worker-1", ledger=ledger, model_seconds=model_seconds)
        yield stream


def start_stub(stream: Stream, name: str, *, ledger: str, model_seconds: float) -> Process:
    """Start one more stubbed worker, with a state folder of its own."""
    deployment = stream.deployment
    process = Process(
        module="benchmarks.speed.stubbed_worker",
        command=["--ledger", ledger, "--model-seconds", str(model_seconds)],
        environment={
            **deployment.environment,
            "VERISCOPE_STATE": str(deployment.folder / name),
        },
        log=deployment.folder / f"{name}.log",
    )
    process.start()
    deployment.processes[name] = process
    return process


@asynccontextmanager
async def _plain(parts: Parts, like: Stream, folder: Path) -> AsyncIterator[Stream]:
    """The plain hops on topics of their own, with the bytes that passed through another stream."""
    topics, kafka = (
        Topics(f"plain-{uuid.uuid4().hex[:8]}", partitions=PARTITIONS),
        parts.kafka.address,
    )
    await create_topics({"bootstrap_servers": kafka}, topics.every(), replication=1)
    write_course(await _course(kafka, like.topics, topics), folder / "course.json")
    deployment = Deployment(folder, {})
    deployment.processes["plain"] = Process(
        module="benchmarks.speed.plain_hops",
        command=[kafka, str(folder / "course.json")],
        environment={},
        log=folder / "plain.log",
    )
    deployment.processes["plain"].start()
    try:
        yield replace(like, deployment=deployment, topics=topics)
    finally:
        deployment.close()


async def _course(kafka: str, seen: Topics, topics: Topics) -> dict[str, Step]:
    """What a message becomes on each topic that a worker reads."""
    course = {}
    for lane in Lane:
        steps = (
            (topics.uploads(lane), topics.faces(lane), seen.faces(Lane.LIVE)),
            (topics.faces(lane), topics.scores(lane), seen.scores(Lane.LIVE)),
            (topics.scores(lane), topics.verdicts, seen.verdicts),
        )
        for source, to, example in steps:
            record = await _any_record(kafka, example)
            course[source] = Step(to=to, value=record.value, headers=record.headers)
    return course


async def _any_record(kafka: str, topic: str) -> ConsumerRecord:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, number) for number in range(PARTITIONS)])
        return await consumer.getone()
    finally:
        await consumer.stop()
