"""Writes what became of a shadow's uploads: some at a time, and without being waited for."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from itertools import islice
from time import monotonic

import structlog

from moderation.errors import Inconsistent, Unavailable
from moderation.shadow import ShadowOutcome, ShadowScore
from monitoring import metrics
from storage.shadow.ports import ShadowKeeping

log = structlog.get_logger()

_EVERY_SECONDS = 2.0  # by then most verdicts are written, and their rows are free
_PATIENCE_SECONDS = 60.0
_MOST_HELD = 2_000
_BATCH = 100  # each locks the uploads that it names, for one insert


class Notes:
    """Holds a bounded number of scores until they are in the database.

    What is not in the ledger yet, or cannot be written, is tried again until it is too old;
    then it is lost, and counted. `clock` gives seconds.
    """

    def __init__(
        self,
        keeping: ShadowKeeping,
        *,
        most_held: int = _MOST_HELD,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._keeping = keeping
        self._most_held = most_held
        self._clock = clock
        self._held: deque[tuple[float, ShadowScore]] = deque()

    def add(self, score: ShadowScore) -> None:
        """Hold a score to be written; at once, and nothing is raised."""
        if len(self._held) >= self._most_held:
            _count(ShadowOutcome.LOST)
            return
        self._held.append((self._clock() + _PATIENCE_SECONDS, score))

    async def run(self) -> None:
        """Write every few seconds until cancelled."""
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Try once to write all that is held; while the database is away all of it waits."""
        left = len(self._held)
        while left:
            batch = list(islice(self._held, min(left, _BATCH)))
            left -= len(batch)
            try:
                waiting = await self._write([score for _, score in batch])
            except Unavailable:
                waiting, left = {score.upload_id for _, score in batch}, 0
            for until, score in batch:
                self._held.popleft()  # not before: what is cancelled while it is written stays
                if score.upload_id in waiting:
                    self._hold_on(until, score)

    def give_up(self) -> None:
        """Count what is still held as lost: the process ends."""
        while self._held:
            self._held.popleft()
            _count(ShadowOutcome.LOST)

    def _hold_on(self, until: float, score: ShadowScore) -> None:
        if self._clock() < until:
            self._held.append((until, score))
        else:
            _count(ShadowOutcome.LOST)

    async def _write(self, batch: list[ShadowScore]) -> set[str]:
        """Write scores, count those that are settled, and return the uploads that wait.

        Raises:
            Unavailable: the database is away.
        """
        try:
            waiting = await self._keeping.keep(batch)
        except Inconsistent as error:  # trying again would fail again
            log.warning("shadow.not_written", scores=len(batch), detail=str(error))
            for _ in batch:
                _count(ShadowOutcome.LOST)
            return set()
        for score in batch:
            if score.upload_id not in waiting:
                _count_written(score)
        return waiting


def _count(outcome: ShadowOutcome) -> None:
    metrics.SHADOW_ENDED.labels(outcome).inc()


def _count_written(score: ShadowScore) -> None:
    _count(score.outcome)
    if score.by_serving is None or score.by_shadow is None:
        return
    metrics.SHADOW_LABELS.labels(score.by_serving.label, score.by_shadow.label).inc()
    metrics.SHADOW_COST_SECONDS.labels("serving").inc(score.by_serving.seconds)
    metrics.SHADOW_COST_SECONDS.labels("shadow").inc(score.by_shadow.seconds)
