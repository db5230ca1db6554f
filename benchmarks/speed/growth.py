"""What becomes of time and memory when there is more: length of a video, faces, uploads that wait,
verdicts that are kept.
"""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from asyncio.subprocess import PIPE
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path

import psutil

from benchmarks.speed.findings import Findings, Growth
from benchmarks.speed.kept_verdicts import KeptVerdicts
from benchmarks.speed.media import crowd, long_clip
from benchmarks.speed.parts import real_parts
from benchmarks.speed.rounds import Bench
from benchmarks.speed.stack import Stream
from benchmarks.speed.stubs import URI
from benchmarks.speed.transport import stubbed_stream

LENGTHS, LONG_LENGTHS = (1.0, 10.0, 60.0, 600.0), (1800.0, 7200.0)  # seconds
FACES = (1, 2, 5, 10, 20, 50)
QUEUED, LONG_QUEUED = (100, 300, 1000), (10_000,)
KEPT, LONG_KEPT = (1000, 10_000, 100_000, 1_000_000), (10_000_000,)
LINEAR, FLAT = 1.1, 0.1  # exponents, with room for chance
_COSTS = {  # by unit: what it is called, and how it may grow
    "s": ("time", LINEAR),
    "MiB at most": ("memory", FLAT),
    "ms a search": ("a first page", FLAT),
    "ms the slowest search": ("the slowest first page", LINEAR),
    "ms a verdict": ("one more", FLAT),
}
_WATCHED_EVERY_SECONDS = 0.1
_WARMING = 60  # uploads
_ROUNDS = 2  # of each size; alternating, as ratios are

Measured = Mapping[str, float]
Measure = Callable[[float], Awaitable[Measured]]


async def ask(bench: Bench) -> Findings:
    """Exponents of what each of them costs."""
    lengths = (*LENGTHS, *(LONG_LENGTHS if bench.long else ()))
    queued = (*QUEUED, *(LONG_QUEUED if bench.long else ()))
    kept = (*KEPT, *(LONG_KEPT if bench.long else ()))
    folder, made = bench.folder, set[float]()

    def scaled(sizes: Sequence[int]) -> list[int]:
        return [bench.count(size, least=4 + place) for place, size in enumerate(sizes)]

    async def of_length(seconds: float) -> Measured:
        file = folder / f"{seconds:g}.mp4"
        if seconds not in made:
            await asyncio.to_thread(long_clip, file, seconds)
            made.add(seconds)
        return await _extracted(file)

    async def of_faces(faces: float) -> Measured:
        return await _extracted(await asyncio.to_thread(crowd, folder / "crowd.jpg", int(faces)))

    growths = await _grown(bench, "length of a video", "s of video", lengths, of_length)
    growths += await _grown(bench, "faces in a picture", "faces", FACES, of_faces)
    async with real_parts(folder) as parts:

        async def of_queue(uploads: float) -> Measured:
            place = folder / uuid.uuid4().hex  # a worker of its own: memory once taken is kept
            async with stubbed_stream(parts, place, ledger="database") as stream:
                await stream.seconds_for([URI] * _WARMING)
                return await _queued(stream, int(uploads))

        growths += await _grown(bench, "uploads that wait", "uploads", scaled(queued), of_queue)
        async with aclosing(KeptVerdicts(parts.postgres)) as among:
            growths += await _grown(bench, "verdicts kept", "verdicts", scaled(kept), among.measure)
    return Findings(question="growth", growths=tuple(growths))


async def _grown(
    bench: Bench, name: str, size: str, sizes: Sequence[float], measure: Measure
) -> list[Growth]:
    """All sizes in turn, and again."""
    found: dict[str, dict[float, list[float]]] = defaultdict(lambda: defaultdict(list))
    for _ in range(min(_ROUNDS, bench.rounds)):
        for each in sizes:
            for what, value in (await measure(each)).items():
                found[what][each].append(value)
            told = ", ".join(f"{values[each][-1]:.3g} {what}" for what, values in found.items())
            bench.say(f"  {each:g} {size}: {told}")
    return [
        Growth(
            name=f"{name}, {_COSTS[what][0]}",
            size=size,
            cost=what,
            xs=tuple(float(each) for each in sizes),
            ys=tuple(tuple(values[each]) for each in sizes),
            goal=_COSTS[what][1],
        )
        for what, values in found.items()
    ]


async def _extracted(file: Path) -> Measured:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.speed.one_media", str(file)), stdout=PIPE
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise AssertionError(f"{file.name} could not be extracted; the trace stands above")
    told = json.loads(said)
    return {"s": told["seconds"], "MiB at most": told["peak_mib"]}


async def _queued(stream: Stream, uploads: int) -> Measured:
    """Announce all at once, and watch the worker's memory until the last has its verdict."""
    worker = psutil.Process(stream.pids()["worker-1"])
    peak = 0

    async def watch() -> None:
        nonlocal peak
        while True:
            peak = max(peak, worker.memory_info().rss)
            await asyncio.sleep(_WATCHED_EVERY_SECONDS)

    watching = asyncio.create_task(watch())
    try:
        seconds = await stream.seconds_for([URI] * uploads)
    finally:
        watching.cancel()
    return {"s": seconds, "MiB at most": peak / 2**20}
