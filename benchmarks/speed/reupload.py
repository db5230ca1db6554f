"""How much cheaper bytes are that a tenant sent before: `benchmarks.same_bytes`, a tenant a round.

Over a new SQLite ledger, so that processor time is all of it; wall time is told beside.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Literal

from benchmarks.same_bytes import Cost, Stream, cost_of, opened
from benchmarks.speed.findings import Findings, Ratio
from benchmarks.speed.media import clips, pictures
from benchmarks.speed.rounds import Bench

GOAL = 20.0
AGAIN = 12
_WARMING = 6


async def ask(bench: Bench) -> Findings:
    """First uploads over later ones of the same bytes, of a picture and of a clip."""
    again = bench.count(AGAIN)
    warming, picture = await asyncio.to_thread(pictures, bench.folder / "pictures", 2, seed=1)
    (clip,) = await asyncio.to_thread(clips, bench.folder / "clips", 1, seed=1, seconds=5.0)
    ratios: list[Ratio] = []
    async with opened([warming, clip]) as stream:
        for _ in range(_WARMING):
            await stream.send(warming, "warm")
        for kind, file in (("picture", picture), ("clip", clip)):
            costs = [
                await _round(stream, file, f"tenant-{number}", again)
                for number in range(bench.rounds)
            ]
            ratios += [
                _ratio(f"re-upload of a {kind}", costs, "processor", goal=GOAL),
                _ratio(f"re-upload of a {kind}, wall time", costs, "wall"),
                _ratio(f"re-upload of a {kind}, ledger", costs, "statements"),
            ]
            bench.say(f"  {kind}: {ratios[-3].by_round}")
    return Findings(question="re-upload", ratios=tuple(ratios))


async def _round(stream: Stream, file: Path, tenant: str, again: int) -> tuple[Cost, list[Cost]]:
    first = await cost_of(stream, file, tenant, known=False)
    return first, [await cost_of(stream, file, tenant, known=True) for _ in range(again)]


def _ratio(
    name: str,
    costs: Sequence[tuple[Cost, Sequence[Cost]]],
    what: Literal["processor", "wall", "statements"],
    *,
    goal: float | None = None,
) -> Ratio:
    return Ratio(
        name=name,
        ours="a first upload",
        theirs="the same bytes again",
        unit="statements" if what == "statements" else "ms",
        over=tuple(getattr(first, what) for first, _ in costs),
        under=tuple(median(getattr(one, what) for one in others) for _, others in costs),
        goal=goal,
    )
