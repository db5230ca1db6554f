"""How much of the bare loop's speed is left of uploads that pass the whole stream."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks.speed import written
from benchmarks.speed.bare import BareLoop
from benchmarks.speed.findings import Cost, Findings, Ratio
from benchmarks.speed.media import clips, pictures
from benchmarks.speed.parts import broker_logs, real_parts, real_triton
from benchmarks.speed.processor import Meter, parts
from benchmarks.speed.rounds import Bench, alternate
from benchmarks.speed.stack import Stream, open_stream

GOAL = 0.85
PICTURES, CLIPS = 400, 12  # a round: its beginning and end, where parts idle, take a second or two
CLIP_SECONDS = 5.0
_WARMING = 40  # at most: a broker that was just started takes three times as much processor time
PROCESSOR, BYTES = "processor ms", "bytes"

Make = Callable[..., list[Path]]


async def ask(bench: Bench) -> Findings:
    """Pictures, then clips: the same files through the stream and through the bare loop."""
    folder = bench.folder / "uploads"
    settings = {"MEDIA__ALLOWED_ROOTS": f'["{folder}"]'}
    kinds: dict[str, tuple[Make, int]] = {
        "pictures": (pictures, PICTURES),
        "clips": (partial(clips, seconds=CLIP_SECONDS), CLIPS),
    }
    found: list[tuple[Ratio, list[Cost]]] = []
    async with real_parts(bench.folder) as real, real_triton(bench.folder) as triton:
        settings["SCORING__TRITON"] = triton.grpc
        services = ("worker", "intake", "relay")
        async with open_stream(real, bench.folder / "stream", settings, *services) as stream:
            with BareLoop() as bare:
                for kind, (make, whole) in kinds.items():
                    media = await _made(make, folder / kind, bench.rounds, bench.count(whole))
                    found.append(await _compared(bench, kind, media, stream, bare))
            labels = await stream.labels()
    if labels["rejected"] or labels["no_face"]:
        raise AssertionError(f"not all uploads were judged: {labels}")
    return Findings(
        question="efficiency",
        ratios=tuple(ratio for ratio, _ in found),
        costs=tuple(cost for _, costs in found for cost in costs),
        notes=(
            f"pictures of 640 x 640, clips of {CLIP_SECONDS:g} s at 640 x 360, one face each; a "
            "round ends when its last verdict is on the broker",
        ),
    )


async def _made(make: Make, folder: Path, rounds: int, count: int) -> list[list[Path]]:
    """Media for each round, and first some to warm up with."""
    return [
        await asyncio.to_thread(make, folder, count if seed else min(count, _WARMING), seed=seed)
        for seed in range(rounds + 1)
    ]


async def _compared(
    bench: Bench, kind: str, media: Sequence[Sequence[Path]], stream: Stream, bare: BareLoop
) -> tuple[Ratio, list[Cost]]:
    warming, *rounds = media
    spent: dict[str, list[float]] = defaultdict(list)
    left: dict[str, list[float]] = defaultdict(list)
    await stream.seconds_for([file.as_uri() for file in warming])
    await asyncio.to_thread(bare.seconds_for, warming)

    async def through_the_stream(number: int) -> float:
        files = rounds[number]
        here = await written.begin(stream, broker_logs(bench.folder))
        meter = Meter(parts() | stream.pids())
        seconds = await stream.seconds_for([file.as_uri() for file in files])
        for part, used in meter.seconds().items():
            spent[part].append(used * 1000 / len(files))
        for place, size in (await here.bytes()).items():
            left[place].append(size / len(files))
        return len(files) / seconds

    async def bare_loop(number: int) -> float:
        return len(rounds[number]) / await asyncio.to_thread(bare.seconds_for, rounds[number])

    sides = {f"{kind} a second": through_the_stream, "bare loop": bare_loop}
    over, under = (await alternate(sides, rounds=bench.rounds, say=bench.say)).values()
    ratio = Ratio(
        name=f"efficiency, {kind}",
        ours="the whole stream",
        theirs="a bare loop of the same models",
        unit="uploads a second",
        over=over,
        under=under,
        goal=GOAL,
    )
    return ratio, [
        Cost(name=name, unit=f"{unit}, one of {kind}", values=tuple(values))
        for unit, costs in ((PROCESSOR, spent), (BYTES, left))
        for name, values in costs.items()
    ]
