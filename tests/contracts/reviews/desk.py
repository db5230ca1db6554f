"""The review ports over one database, or over memory, and what their tests do with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count

from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.deciding import job_following
from moderation.decisions import Decision, DecisionKind, Link, Ruling, outcome
from moderation.reasons import PolicyReason
from moderation.review import ReviewJob, ReviewPlan
from moderation.verdict import Action, Label, Verdict
from storage.in_memory import InMemoryLedger, InMemoryOutbox, Memory
from storage.ledger import SqlLedger
from storage.outbox import SqlOutbox
from storage.ports import Ledger, Outbox
from storage.reviews import (
    in_memory,
    in_memory_appeals,
    in_memory_known,
    in_memory_records,
    ports,
)
from storage.reviews.appeals import SqlAppeals
from storage.reviews.chain import SqlAuditTrail
from storage.reviews.deciding import SqlDecisions
from storage.reviews.known import SqlKnownItems
from storage.reviews.memory import ReviewMemory
from storage.reviews.queue import SqlReviewQueue
from storage.reviews.records import SqlReviewRecords
from storage.reviews.settlement import SqlSettlement
from storage.reviews.statistics import SqlReviewStatistics
from tests.contracts.words import Clock, a_message, a_verdict, an_upload

PLAN = ReviewPlan(
    flagged_within=timedelta(hours=1),
    lock=timedelta(minutes=10),
    grace=timedelta(minutes=1),
    audited=0.0,
    known=0.0,
    second=0.0,
)
REASONS = {
    "forged": PolicyReason(
        key="forged",
        words="the face is forged",
        category="STATEMENT_CATEGORY_OTHER_VIOLATION_TC",
        keywords=("KEYWORD_OTHER",),
        reference="Terms, section 4",
        explanation="Forged faces must be labelled.",
    ),
    "genuine": PolicyReason(key="genuine", words="no forgery is to be seen"),
}


@dataclass(slots=True, kw_only=True)
class Desk:
    """All that a moderator's day needs. `clock` moves what everything takes for now."""

    ledger: Ledger
    outbox: Outbox
    queue: ports.ReviewQueue
    decisions: ports.Decisions
    settlement: ports.Settlement
    appeals: ports.Appeals
    records: ports.ReviewRecords
    skips: ports.Skips
    restrictions: ports.Restrictions
    statistics: ports.ReviewStatistics
    known: ports.KnownItems
    answers: ports.KnownAnswers
    audit: ports.AuditTrail
    clock: Clock
    plan: ReviewPlan = PLAN
    tokens: count[int] = field(default_factory=count)

    async def flag(self, upload_id: str = "u1", **changes: object) -> Verdict:
        """Record a verdict that asks for a review."""
        verdict = suspect(upload_id, **changes)
        await self.conclude(verdict)
        return verdict

    async def conclude(self, verdict: Verdict) -> None:
        upload = an_upload(verdict.upload_id, tenant=verdict.tenant)
        assert await self.ledger.conclude(upload, verdict, publish=[])

    async def take(self, moderator: str = "ann", **narrowed: object) -> ReviewJob:
        job = await self.queue.next(moderator, **narrowed)
        assert job is not None
        return job

    async def decide(self, job: ReviewJob, moderator: str = "ann", kind: str = "uphold") -> Link:
        return await self.decisions.decide(job.job_id, moderator, self.ruling(job, kind))

    def ruling(self, job: ReviewJob, kind: str = "uphold", **changes: object) -> Ruling:
        """A ruling with a reason that fits, and a token of its own."""
        chosen = DecisionKind(kind)
        restricts = (chosen is DecisionKind.UPHOLD) == (job.action is not Action.PUBLISH)
        ruling = Ruling(
            kind=chosen,
            verdict_id=job.verdict_id,
            reason="forged" if restricts and chosen.is_final else "genuine",
            token=f"token-{next(self.tokens)}",
        )
        return replace(ruling, **changes)

    async def take_and_decide(self, moderator: str = "ann", kind: str = "uphold") -> Link:
        return await self.decide(await self.take(moderator, lead=True), moderator, kind)

    async def settle_all(self) -> list[Decision]:
        """Let time pass until nothing can be undone, and let everything take effect."""
        self.clock.now += self.plan.grace
        due = await self.settlement.due(self.clock.now, limit=1000)
        for one in due:
            decision = one.link.decision
            opened = one.job and job_following(
                one.job, decision, one.about, self.plan, self.clock.now
            )
            message = [a_message(outcome(one.link).decision_id)] if decision.is_told else []
            assert await self.settlement.settle(
                decision, publish=message, opens=[opened] if opened else []
            )
        return [one.link.decision for one in due]


def suspect(upload_id: str = "u1", **changes: object) -> Verdict:
    return a_verdict(
        upload_id,
        **{"label": Label.SUSPECT, "action": Action.REVIEW, "fake_probability": 0.7} | changes,
    )


def published(upload_id: str = "u1", **changes: object) -> Verdict:
    return a_verdict(
        upload_id,
        **{"label": Label.CLEAR, "action": Action.PUBLISH, "fake_probability": 0.1} | changes,
    )


def memory_desk(plan: ReviewPlan = PLAN) -> Desk:
    clock = Clock()
    memory = Memory(clock=clock, reviews=ReviewMemory(plan=plan))
    records = in_memory_records.InMemoryReviewRecords(memory)
    known = in_memory_known.InMemoryKnownItems(memory)
    return Desk(
        ledger=InMemoryLedger(memory),
        outbox=InMemoryOutbox(memory),
        queue=in_memory.InMemoryReviewQueue(memory),
        decisions=in_memory.InMemoryDecisions(memory, REASONS),
        settlement=in_memory.InMemorySettlement(memory),
        appeals=in_memory_appeals.InMemoryAppeals(memory),
        records=records,
        skips=records,
        restrictions=records,
        statistics=in_memory_records.InMemoryReviewStatistics(memory),
        known=known,
        answers=known,
        audit=in_memory_records.InMemoryAuditTrail(memory),
        clock=clock,
        plan=plan,
    )


def sql_desk(
    engine: AsyncEngine, plan: ReviewPlan = PLAN, reasons: Mapping[str, PolicyReason] = REASONS
) -> Desk:
    clock = Clock()
    records, known = SqlReviewRecords(engine), SqlKnownItems(engine)
    return Desk(
        ledger=SqlLedger(engine, plan=plan, clock=clock),
        outbox=SqlOutbox(engine),
        queue=SqlReviewQueue(engine, plan=plan, clock=clock),
        decisions=SqlDecisions(engine, reasons, plan=plan, clock=clock),
        settlement=SqlSettlement(engine, clock=clock),
        appeals=SqlAppeals(engine, plan=plan, clock=clock),
        records=records,
        skips=records,
        restrictions=records,
        statistics=SqlReviewStatistics(engine),
        known=known,
        answers=known,
        audit=SqlAuditTrail(engine),
        clock=clock,
        plan=plan,
    )
