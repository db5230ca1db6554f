"""Many people at once: two never hold one job, and no decision is lost or doubled."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.decisions import DecisionKind, Link, Ruling, first_break
from moderation.errors import LedgerUnavailable, NotHeld, UndoTooLate
from moderation.review import JobState, ReviewJob
from storage.database import open_database
from storage.reviews.ports import JobFilter
from streams.retries import FOR_EVER, patiently
from tests.contracts.conftest import open_emptied
from tests.contracts.reviews.desk import PLAN, Desk, memory_desk, sql_desk
from tests.contracts.reviews.filling import fill

ASKERS = 100


class Witness:
    """Sees who believes to hold what, and cries when two do."""

    def __init__(self) -> None:
        self.holders: dict[str, str] = {}
        self.decided: Counter[str] = Counter()

    def takes(self, job_id: str, moderator: str) -> None:
        assert self.holders.get(job_id) in (None, moderator), "two hold one job"
        assert not self.decided[job_id], "a decided job was handed out"
        self.holders[job_id] = moderator

    def lets_go(self, job_id: str) -> None:
        del self.holders[job_id]


async def moderate(desk: Desk, moderator: str, witness: Witness, most: int) -> None:
    """Take, sometimes let go, decide, sometimes send it twice, until that many are decided.

    A ledger that does not answer in time is asked again with the same token, as clients do.
    """
    chance = random.Random(moderator)
    while witness.decided.total() < most:
        job = await patiently(lambda: desk.queue.next(moderator), FOR_EVER)
        if job is None:
            return
        witness.takes(job.job_id, moderator)
        if chance.random() < 0.05:
            witness.lets_go(job.job_id)
            with suppress(NotHeld, LedgerUnavailable):
                await desk.queue.release(job.job_id, moderator)
            continue
        # Before the call: from within it on, another one may see that the job is decided.
        witness.decided[job.job_id] += 1
        send = deciding(desk, job, moderator)
        sent = [send() for _ in range(2 if chance.random() < 0.1 else 1)]
        assert len({one.digest for one in await asyncio.gather(*sent)}) == 1
        witness.lets_go(job.job_id)


def deciding(desk: Desk, job: ReviewJob, moderator: str) -> Callable[[], Awaitable[Link]]:
    ruling = Ruling(
        kind=DecisionKind.OVERTURN,
        verdict_id=job.verdict_id,
        reason="genuine",
        token=job.job_id,
    )
    return lambda: patiently(lambda: desk.decisions.decide(job.job_id, moderator, ruling), FOR_EVER)


async def moderated(desk: Desk, jobs: int, most: int | None = None) -> None:
    """Let all decide until that many jobs are decided, of so many; all of them when not said."""
    witness = Witness()
    await asyncio.gather(*(moderate(desk, f"m{n}", witness, most or jobs) for n in range(ASKERS)))

    decided = len(witness.decided)
    assert decided >= (most or jobs)
    assert set(witness.decided.values()) == {1}
    links = await desk.audit.links("acme", after=0, limit=jobs + 1)
    assert len({one.decision.job_id for one in links}) == len(links) == decided
    assert first_break(links) is None
    assert (await desk.audit.heads())["acme"] == (decided, links[-1].digest)
    all_jobs = await desk.records.jobs(JobFilter(open_only=False), limit=jobs + 1)
    assert Counter(job.state for job in all_jobs)[JobState.DECIDED] == decided


async def test_a_hundred_askers_of_a_hundred_jobs_in_memory() -> None:
    desk = memory_desk()
    for number in range(100):
        await desk.flag(f"u{number}")

    await moderated(desk, 100)


async def test_a_hundred_askers_of_two_hundred_jobs_in_sqlite(sqlite_url: str) -> None:
    engine = open_database(sqlite_url, patience_seconds=60.0)
    desk = sql_desk(engine)
    for number in range(200):
        await desk.flag(f"u{number}")

    await moderated(desk, 200)
    await engine.dispose()


async def test_a_hundred_askers_of_ten_thousand_jobs_in_postgresql(postgresql_url: str) -> None:
    await (await open_emptied(postgresql_url)).dispose()
    # Two pools, as two processes of the console would have.
    engines = [open_database(postgresql_url, connections=8, patience_seconds=60.0) for _ in "ab"]
    await fill(engines[0], 10_000)
    both = _Both(*(sql_desk(engine) for engine in engines))

    await moderated(both.desk(), 10_000, 400)
    for engine in engines:
        await engine.dispose()


class _Both:
    """Sends each moderator to one of two desks, which know of each other only by the database."""

    def __init__(self, *desks: Desk) -> None:
        self._desks = desks

    def desk(self) -> Desk:
        return replace(self._desks[0], queue=_Shared(*self._desks), decisions=_Shared(*self._desks))


class _Shared:
    def __init__(self, *desks: Desk) -> None:
        self._desks = desks

    async def next(self, moderator: str) -> object:
        return await self._of(moderator).queue.next(moderator)

    async def release(self, job_id: str, moderator: str) -> None:
        await self._of(moderator).queue.release(job_id, moderator)

    async def decide(self, job_id: str, moderator: str, ruling: Ruling) -> object:
        return await self._of(moderator).decisions.decide(job_id, moderator, ruling)

    def _of(self, moderator: str) -> Desk:
        return self._desks[int(moderator[1:]) % len(self._desks)]


async def test_of_an_undo_and_an_effect_at_once_one_happens(engine: AsyncEngine) -> None:
    """At the very end of the grace time, by two clocks that differ a little."""
    desk = sql_desk(engine)
    for number in range(20):
        await desk.flag(f"u{number}")
    made = [(await desk.take_and_decide()).decision for _ in range(20)]

    async def undo(decision_id: str) -> bool:
        with suppress(UndoTooLate):
            await desk.decisions.undo(decision_id, "ann", token=decision_id)
            return True
        return False

    for decision in made:
        undone, settled = await asyncio.gather(
            undo(decision.decision_id), desk.settlement.settle(decision, publish=[], opens=[])
        )
        assert undone != settled

    links = await desk.audit.links("acme", after=0, limit=100)
    assert first_break(links) is None


async def test_newer_verdicts_and_decisions_at_once_contradict_nobody(engine: AsyncEngine) -> None:
    desk = sql_desk(engine, replace(PLAN, lock=timedelta(hours=1)))
    for number in range(20):
        await desk.flag(f"u{number}")

    async def supersede(upload_id: str) -> None:
        await desk.flag(upload_id, policy="mild", supersedes=f"{upload_id}-strict")

    async def decide() -> None:
        job = await desk.take("ann")
        with suppress(NotHeld):
            ruling = desk.ruling(job, "overturn")
            await desk.decisions.decide(job.job_id, "ann", ruling)

    for number in range(20):
        answers = await asyncio.gather(decide(), supersede(f"u{number}"), return_exceptions=True)
        assert not [one for one in answers if isinstance(one, LedgerUnavailable)]

    jobs = await desk.records.jobs(JobFilter(open_only=False), limit=100)
    assert len(jobs) == 20
    for job in jobs:
        decided = (await desk.records.history(job.upload_id)).decisions
        assert len(decided) == (job.state is JobState.DECIDED)


@pytest.mark.parametrize("askers", [2, ASKERS])
async def test_one_job_is_given_to_one_of_many(engine: AsyncEngine, askers: int) -> None:
    desk = sql_desk(engine)
    await desk.flag()

    async def ask(moderator: str) -> ReviewJob | None:
        return await patiently(lambda: desk.queue.next(moderator), FOR_EVER)

    given = await asyncio.gather(*(ask(f"m{n}") for n in range(askers)))

    assert len([job for job in given if job is not None]) == 1
