from __future__ import annotations

import asyncio

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.in_memory import ScriptedScorer
from inference.ports import CropScores
from inference.scoring.batching import Batcher
from inference.scoring.metering import Meter, MeteredScorer, UrgentFirst, YieldingScorer
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
    with meter.request() as cost:
        clock.now += 2
    assert cost.seconds == pytest.approx(2)


def test_requests_that_overlap_share_the_time_in_which_they_do() -> None:
    clock = Clock()
    meter = Meter(clock)
    with meter.request() as long:
        clock.now += 1
        with meter.request() as short:
            clock.now += 4
        clock.now += 1
    assert (long.seconds, short.seconds) == (pytest.approx(4), pytest.approx(2))


async def test_a_request_that_failed_has_ended_all_the_same() -> None:
    clock = Clock()
    meter = Meter(clock)
    failing = MeteredScorer(ScriptedScorer(failures=[ScorerUnavailable()]), meter)
    with pytest.raises(ScorerUnavailable):
        await failing.score(crops())
    with meter.request() as next_one:
        clock.now += 1
    assert next_one.seconds == pytest.approx(1)


async def test_who_gives_way_asks_when_no_urgent_upload_is_there_any_more() -> None:
    meter, serving, other = Meter(), HeldScorer(), ScriptedScorer()
    urgent = UrgentFirst(Batcher(serving, in_flight=1), meter)
    asked = [asyncio.create_task(urgent.score(crops(), urgent=True)) for _ in range(2)]
    await begun()
    waiting = asyncio.create_task(YieldingScorer(MeteredScorer(other, meter), meter).score(crops()))
    await begun()
    assert (len(serving.requests), len(other.requests)) == (1, 0)
    serving.let.set()
    await asyncio.gather(*asked, waiting)
    assert len(other.requests) == 1


async def test_a_backfill_is_not_given_way_to() -> None:
    meter, serving, other = Meter(), HeldScorer(), ScriptedScorer()
    asked = asyncio.create_task(UrgentFirst(Batcher(serving), meter).score(crops(), urgent=False))
    await begun()
    await YieldingScorer(MeteredScorer(other, meter), meter).score(crops())
    assert (len(serving.requests), len(other.requests), asked.done()) == (1, 1, False)
    serving.let.set()
    await asked


async def test_nobody_waits_for_who_gives_way() -> None:
    meter, serving, other = Meter(), ScriptedScorer(), HeldScorer()
    asked = asyncio.create_task(YieldingScorer(MeteredScorer(other, meter), meter).score(crops()))
    await begun()
    await UrgentFirst(Batcher(serving), meter).score(crops(), urgent=True)
    assert (len(serving.requests), asked.done()) == (1, False)
    other.let.set()
    await asked


async def test_an_urgent_upload_that_failed_is_not_waited_for() -> None:
    meter = Meter()
    failing = Batcher(ScriptedScorer(failures=[ScorerUnavailable()]))
    with pytest.raises(ScorerUnavailable):
        await UrgentFirst(failing, meter).score(crops(), urgent=True)
    await meter.quiet()


class PacedScorer(ScriptedScorer):
    """Takes so long for each crop."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        super().__init__()
        self._clock = clock
        self.seconds = seconds

    async def score(self, crops: NDArray[np.uint8]) -> CropScores:
        self._clock.now += self.seconds * len(crops)
        return await super().score(crops)

    @property
    def sizes(self) -> list[int]:
        return [len(request) for request in self.requests]


async def test_who_gives_way_asks_for_no_more_than_is_done_in_a_moment() -> None:
    clock = Clock()
    meter, paced = Meter(clock), PacedScorer(clock, 0.012)
    yielding = YieldingScorer(MeteredScorer(paced, meter), meter, longest_seconds=0.05)
    answer = await yielding.score(crops(10))
    assert paced.sizes == [1, 4, 4, 1]
    assert len(answer.logits) == len(answer.embeddings) == 10
    assert answer.seconds == pytest.approx(0.12)
    paced.seconds = 0.2
    await yielding.score(crops(6))
    assert paced.sizes[4:] == [4, 1, 1]


async def test_it_gives_way_between_two_of_its_requests() -> None:
    clock = Clock()
    meter, serving, held = Meter(clock), HeldScorer(), HeldScorer()
    yielding = YieldingScorer(MeteredScorer(held, meter), meter)
    asked = asyncio.create_task(yielding.score(crops(2)))
    await begun()
    urgent = UrgentFirst(Batcher(serving), meter)
    first = asyncio.create_task(urgent.score(crops(), urgent=True))
    await begun()
    held.let.set()
    await begun()
    assert (len(held.requests), len(serving.requests)) == (1, 1)
    serving.let.set()
    await asyncio.gather(first, asked)
    assert len(held.requests) == 2


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
    yielding = YieldingScorer(MeteredScorer(inner, Meter()), Meter())
    assert await yielding.identify() == await inner.identify()
    await yielding.close()
    assert inner.closed
