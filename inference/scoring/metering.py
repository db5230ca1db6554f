"""What requests to models cost, and who lets whom go first where several bundles are asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inference.ports import CropScorer, CropScores
from inference.scoring.batching import Batcher, joined
from moderation.lineage import ModelIdentity


@dataclass(slots=True)
class Cost:
    """Of one request, in seconds; known when it has ended."""

    seconds: float = 0.0


class Meter:
    """Divides time among the requests that are under way in it: for one event loop.

    A request that ran beside three others for a second cost a quarter of it; counted whole,
    a bundle would be the dearer the busier it is. `clock` gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._now = clock()
        self._under_way = 0
        self._each = 0.0  # what a request would have cost that was under way from the beginning
        self._first = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    @contextmanager
    def request(self) -> Iterator[Cost]:
        """Count one request while the block lasts."""
        cost = Cost()
        self._pass_time()
        begun = self._each
        self._under_way += 1
        try:
            yield cost
        finally:
            self._pass_time()
            cost.seconds = self._each - begun
            self._under_way -= 1

    @contextmanager
    def going_first(self) -> Iterator[None]:
        """Let others wait while the block lasts."""
        self._first += 1
        self._quiet.clear()
        try:
            yield
        finally:
            self._first -= 1
            if not self._first:
                self._quiet.set()

    async def quiet(self) -> None:
        """Return when nobody goes first."""
        while self._first:
            await self._quiet.wait()

    def _pass_time(self) -> None:
        now = self._clock()
        if self._under_way:
            self._each += (now - self._now) / self._under_way
        self._now = now


class UrgentFirst:
    """Answers as a `Batcher` does; while it has urgent uploads, whoever gives way waits."""

    def __init__(self, batcher: Batcher, meter: Meter) -> None:
        self._batcher = batcher
        self._meter = meter

    async def score(self, crops: NDArray[np.uint8], *, urgent: bool) -> CropScores:
        if not urgent:
            return await self._batcher.score(crops, urgent=False)
        with self._meter.going_first():
            return await self._batcher.score(crops, urgent=True)


class MeteredScorer:
    """A CropScorer that says what another one's answers cost."""

    def __init__(self, scorer: CropScorer, meter: Meter) -> None:
        self._scorer = scorer
        self._meter = meter

    async def score(self, crops: NDArray[np.uint8]) -> CropScores:
        with self._meter.request() as cost:
            answer = await self._scorer.score(crops)
        return replace(answer, seconds=cost.seconds)

    async def identify(self) -> ModelIdentity:
        return await self._scorer.identify()

    async def close(self) -> None:
        await self._scorer.close()


class YieldingScorer:
    """A CropScorer that asks a metered one only while nobody goes first, and bit by bit.

    A request that has begun shares the processor with whoever comes first then: it holds as many
    crops as are scored in `longest_seconds`, by what those before took, and at least one.
    """

    def __init__(
        self, scorer: MeteredScorer, meter: Meter, *, longest_seconds: float = 0.05
    ) -> None:
        self._scorer = scorer
        self._meter = meter
        self._longest_seconds = longest_seconds
        self._crops_at_once = 1

    async def score(self, crops: NDArray[np.uint8]) -> CropScores:
        parts: list[CropScores] = []
        begin = 0
        while begin < len(crops):
            await self._meter.quiet()
            part = await self._scorer.score(crops[begin : begin + self._crops_at_once])
            begin += len(part.logits)
            self._learn(part.seconds / len(part.logits))
            parts.append(part)
        return joined(parts)

    async def identify(self) -> ModelIdentity:
        return await self._scorer.identify()

    async def close(self) -> None:
        await self._scorer.close()

    def _learn(self, seconds_each: float) -> None:
        # a clock that did not move says nothing
        fitting = self._longest_seconds / seconds_each if seconds_each > 0 else 1.0
        self._crops_at_once = max(1, int(fitting))
