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
    def request(self, *, first: bool) -> Iterator[Cost]:
        """Count one request while the block lasts; `first` are those that others wait for."""
        cost = Cost()
        self._pass_time()
        begun = self._each
        self._change(1, first=first)
        try:
            yield cost
        finally:
            self._pass_time()
            cost.seconds = self._each - begun
            self._change(-1, first=first)

    async def quiet(self) -> None:
        """Return when no request is under way that goes first."""
        while self._first:
            await self._quiet.wait()

    def _pass_time(self) -> None:
        now = self._clock()
        if self._under_way:
            self._each += (now - self._now) / self._under_way
        self._now = now

    def _change(self, by: int, *, first: bool) -> None:
        self._under_way += by
        if first:
            self._first += by
        if self._first:
            self._quiet.clear()
        else:
            self._quiet.set()


class MeteredScorer:
    """A CropScorer that says what another one's answers cost.

    One that `gives_way` asks only while nothing is asked that goes first.
    """

    def __init__(self, scorer: CropScorer, meter: Meter, *, gives_way: bool = False) -> None:
        self._scorer = scorer
        self._meter = meter
        self._gives_way = gives_way

    async def score(self, crops: NDArray[np.uint8]) -> CropScores:
        if self._gives_way:
            await self._meter.quiet()
        with self._meter.request(first=not self._gives_way) as cost:
            answer = await self._scorer.score(crops)
        return replace(answer, seconds=cost.seconds)

    async def identify(self) -> ModelIdentity:
        return await self._scorer.identify()

    async def close(self) -> None:
        await self._scorer.close()
