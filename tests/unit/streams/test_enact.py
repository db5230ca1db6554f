from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from prometheus_client import REGISTRY

from moderation.decisions import DecisionKind
from moderation.review import JobKind, ReviewPlan
from moderation.verdict import Action
from storage.in_memory import InMemoryLedger, InMemoryOutbox, Memory
from storage.reviews.in_memory import InMemoryDecisions, InMemoryReviewQueue, InMemorySettlement
from storage.reviews.in_memory_records import InMemoryReviewStatistics
from storage.reviews.memory import ReviewMemory
from streams.enact import Enactor
from streams.messages import DECIDED
from tests.builders import TOPICS
from tests.contracts.reviews.desk import REASONS, Desk, memory_desk, suspect
from tests.contracts.words import an_upload

HOUR = timedelta(hours=1)


class Past:
    """An hour ago: what is decided then has long taken effect by the real clock."""

    def __call__(self) -> datetime:
        return datetime.now(UTC) - HOUR


class Room:
    """A queue, a moderator and an enactor over memory."""

    def __init__(self, **changes: object) -> None:
        self.plan = replace(ReviewPlan(known=0.0, second=0.0), **changes)
        self.memory = Memory(clock=Past(), reviews=ReviewMemory(plan=self.plan))
        self.queue = InMemoryReviewQueue(self.memory)
        self.decisions = InMemoryDecisions(self.memory, REASONS)
        self.outbox = InMemoryOutbox(self.memory)
        self.enactor = Enactor(
            InMemorySettlement(self.memory),
            InMemoryReviewStatistics(self.memory),
            TOPICS,
            self.plan,
        )

    async def decide(self, moderator: str = "ann", kind: str = "uphold"):
        job = await self.queue.next(moderator, lead=True)
        ruling = Desk.ruling(memory_desk(), job, kind, token=f"{moderator}-{job.job_id}")
        return (await self.decisions.decide(job.job_id, moderator, ruling)).decision

    async def flag(self, upload_id: str = "u1") -> None:
        verdict = suspect(upload_id)
        await InMemoryLedger(self.memory).conclude(an_upload(upload_id), verdict, publish=[])

    async def told(self):
        pending = await self.outbox.pending(limit=10)
        assert {entry.message.topic for entry in pending} <= {"test.decisions"}
        return [(e.message, DECIDED.decode(e.message.value).decision) for e in pending]


async def test_a_decision_is_told_with_its_place_in_the_chain_and_without_its_maker() -> None:
    room = Room()
    await room.flag()
    decision = await room.decide()
    assert await room.enactor.once() == 1
    ((message, told),) = await room.told()
    assert (told.decision_id, told.kind) == (decision.decision_id, DecisionKind.UPHOLD)
    assert (told.action, told.reason, told.sequence) == (Action.WITHHOLD, "forged", 1)
    assert told.digest == room.memory.reviews.chains["acme"][0].digest
    assert message.key == "u1"
    assert b"ann" not in message.value


async def test_a_decision_is_told_once() -> None:
    room = Room()
    await room.flag()
    await room.decide()
    assert [await room.enactor.once() for _ in range(2)] == [1, 0]
    assert len(await room.told()) == 1


async def test_what_can_still_be_undone_is_not_told() -> None:
    room = Room(grace=2 * HOUR)
    await room.flag()
    await room.decide()
    assert await room.enactor.once() == 0
    assert await room.told() == []


async def test_what_decides_nothing_yet_is_not_told_but_reaches_somebody_else() -> None:
    room = Room()
    await room.flag()
    await room.decide("ann", "escalate")
    await room.enactor.once()
    assert await room.told() == []
    assert await room.queue.next("bob") is None
    job = await room.queue.next("lea", lead=True)
    assert (job.kind, job.escalated) == (JobKind.SECOND_REVIEW, True)


async def test_nothing_is_told_of_an_upload_that_was_erased() -> None:
    room = Room()
    await room.flag()
    await room.decide()
    room.memory.reviews.jobs.clear()
    assert await room.enactor.once() == 1
    assert await room.told() == []


async def test_what_waits_is_measured_by_queue_and_its_age() -> None:
    room = Room()
    await room.flag("u1")
    await room.flag("u2")
    await room.enactor.once()
    labels = {"queue": "strict", "kind": "flagged"}
    assert REGISTRY.get_sample_value("veriscope_reviews_pending", labels) == 2
    age = REGISTRY.get_sample_value("veriscope_oldest_review_seconds")
    assert HOUR.total_seconds() <= age < 2 * HOUR.total_seconds()
    for moderator in ("ann", "bob"):
        await room.decide(moderator)
    await room.enactor.once()
    assert REGISTRY.get_sample_value("veriscope_reviews_pending", labels) is None
    assert REGISTRY.get_sample_value("veriscope_oldest_review_seconds") == 0
