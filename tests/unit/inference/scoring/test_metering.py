from __future__ import annotations

import asyncio

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.in_memory import ScriptedScorer
from inference.ports import CropScores
from inference.scoring.batching import Batcher
from inference.scoring.metering import Meter, MeteredScorer
from moderation.errors import ScorerUnavailable


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class HeldScorer(ScriptedScorer):
    """Answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.let = asyncio.Event()

    async def score(self, crops: NDArray[np.uint8]) -> CropScores:
        answer = await super().score(crops)
        await self.let.wait()
        return answer


def crops(count: int = 1) -> NDArray[np.uint8]:
    return np.zeros((count, 224, 224, 3), np.uint8)


async def begun() -> None:
    """Let every task go as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_a_request_alone_costs_the_time_that_it_took() -> None:
    clock = Clock()
    meter = Meter(clock)
    clock.now += 7  # nobody's
    with meter.request(first=True) as cost:
        clock.now += 2
    assert cost.seconds == pytest.approx(2)


def test_requests_that_overlap_share_the_time_in_which_they_do() -> None:
    clock = Clock()
    meter = Meter(clock)
    with meter.request(first=True) as long:
        clock.now += 1
        with meter.request(first=False) as short:
            clock.now += 4
        clock.now += 1
    assert (long.seconds, short.seconds) == (pytest.approx(4), pytest.approx(2))


async def test_a_request_that_failed_has_ended_all_the_same() -> None:
    clock = Clock()
    meter = Meter(clock)
    failing = MeteredScorer(ScriptedScorer(failures=[ScorerUnavailable()]), meter)
    with pytest.raises(ScorerUnavailable):
        await failing.score(crops())
    await meter.quiet()
    with meter.request(first=True) as next_one:
        clock.now += 1
    assert next_one.seconds == pytest.approx(1)


async def test_who_gives_way_asks_when_nothing_else_is_asked_any_more() -> None:
    meter, first, second = Meter(), HeldScorer(), ScriptedScorer()
    asked_first = asyncio.create_task(MeteredScorer(first, meter).score(crops()))
    await begun()
    gives_way = MeteredScorer(second, meter, gives_way=True)
    asked_second = asyncio.create_task(gives_way.score(crops()))
    await begun()
    assert (len(first.requests), len(second.requests)) == (1, 0)
    first.let.set()
    await asyncio.gather(asked_first, asked_second)
    assert len(second.requests) == 1


async def test_nobody_waits_for_who_gives_way() -> None:
    meter, first, second = Meter(), ScriptedScorer(), HeldScorer()
    gives_way = MeteredScorer(second, meter, gives_way=True)
    asked = asyncio.create_task(gives_way.score(crops()))
    await begun()
    await MeteredScorer(first, meter).score(crops())
    assert (len(first.requests), asked.done()) == (1, False)
    second.let.set()
    await asked


async def test_uploads_in_one_request_share_its_cost_by_their_crops() -> None:
    clock = Clock()

    class Slow(ScriptedScorer):
        async def score(self, crops: NDArray[np.uint8]) -> CropScores:
            clock.now += 8
            return await super().score(crops)

    batcher = Batcher(MeteredScorer(Slow(), Meter(clock)), largest=32)
    one, three = await asyncio.gather(
        batcher.score(crops(1), urgent=True), batcher.score(crops(3), urgent=True)
    )
    assert (one.seconds, three.seconds) == (pytest.approx(2), pytest.approx(6))


async def test_an_upload_in_several_requests_costs_all_of_them() -> None:
    clock = Clock()

    class Slow(ScriptedScorer):
        async def score(self, crops: NDArray[np.uint8]) -> CropScores:
            clock.now += 1
            return await super().score(crops)

    batcher = Batcher(MeteredScorer(Slow(), Meter(clock)), largest=2, in_flight=1)
    assert (await batcher.score(crops(5), urgent=True)).seconds == pytest.approx(3)


async def test_who_answers_and_who_is_closed_stays_the_same() -> None:
    inner = ScriptedScorer()
    metered = MeteredScorer(inner, Meter())
    assert await metered.identify() == await inner.identify()
    await metered.close()
    assert inner.closed
