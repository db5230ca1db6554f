"""Everything of `storage.reviews.ports` that is read, kept in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from moderation.agreement import Agreement, agreement
from moderation.decisions import Decision, DecisionKind, Link
from moderation.errors import UnknownReview
from moderation.figures import Figures, Made, figures_of, year_of
from moderation.review import OPEN, JobKind, ReviewJob
from moderation.verdict import Label
from storage.in_memory import Memory
from storage.reviews.memory import ReviewMemory
from storage.reviews.ports import (
    JobFilter,
    KeptDecision,
    Restriction,
    ReviewHistory,
    Skip,
    TenantNames,
    Waiting,
)


class InMemoryReviewRecords:
    """Implements `storage.reviews.ports.ReviewRecords`, `Skips` and `Restrictions`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._kept = memory.reviews

    async def job(self, job_id: str) -> ReviewJob:
        if job_id not in self._kept.jobs:
            raise UnknownReview(f"no review {job_id}")
        return self._kept.jobs[job_id]

    async def history(self, upload_id: str) -> ReviewHistory:
        jobs = [job for job in self._kept.jobs.values() if job.upload_id == upload_id]
        links = [one for one in self._kept.links() if one.decision.upload_id == upload_id]
        return ReviewHistory(
            jobs=tuple(sorted(jobs, key=lambda job: (job.opened_at, job.job_id))),
            decisions=tuple(
                KeptDecision(link=one, note=self._kept.notes.get(one.decision.decision_id))
                for one in links
            ),
            standing=self._kept.standing.get(upload_id),
        )

    async def jobs(self, which: JobFilter, *, limit: int) -> list[ReviewJob]:
        found = [job for job in self._kept.jobs.values() if _is_meant(job, which)]
        return sorted(found, key=lambda job: (job.deadline_at, job.job_id))[:limit]

    async def skips(
        self, since: datetime, until: datetime, tenants: TenantNames = None, *, limit: int
    ) -> list[Skip]:
        found = [
            Skip(
                upload_id=self._kept.jobs[job_id].upload_id,
                tenant=self._kept.jobs[job_id].tenant,
                moderator=moderator,
                reason=reason,
                skipped_at=at,
            )
            for (job_id, moderator), (reason, at) in sorted(self._kept.skips.items())
            if since <= at < until
            and (tenants is None or self._kept.jobs[job_id].tenant in tenants)
        ]
        return sorted(found, key=lambda one: one.skipped_at, reverse=True)[:limit]

    async def restrictions(
        self,
        since: datetime,
        until: datetime,
        tenants: TenantNames = None,
        *,
        automated: bool = False,
    ) -> list[Restriction]:
        verdicts = {
            verdict.verdict_id: verdict
            for reached in self._memory.verdicts.values()
            for verdict in reached
        }
        decided = [
            Restriction(verdict=verdicts[decision.verdict_id], decision=decision)
            for decision in sorted(
                self._kept.standing.values(), key=lambda one: (one.effective_at, one.upload_id)
            )
            if decision.action is not None
            and decision.action.restricts
            and since <= decision.effective_at < until
            and (tenants is None or decision.tenant in tenants)
        ]
        alone = self._automated(since, until, tenants) if automated else []
        return [*decided, *alone]

    def _automated(
        self, since: datetime, until: datetime, tenants: TenantNames
    ) -> list[Restriction]:
        current = [status.verdict for status in self._memory.uploads.values() if status.verdict]
        return [
            Restriction(verdict=verdict, decision=None)
            for verdict in sorted(current, key=lambda one: (one.decided_at, one.verdict_id))
            if verdict.action.restricts
            and verdict.label is not Label.REJECTED
            and since <= verdict.decided_at < until
            and verdict.upload_id not in self._kept.standing
            and (tenants is None or verdict.tenant in tenants)
        ]


class InMemoryReviewStatistics:
    """Implements `storage.reviews.ports.ReviewStatistics`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._kept = memory.reviews

    async def waiting(self, tenants: TenantNames = None) -> list[Waiting]:
        opened: dict[tuple[str, JobKind], list[datetime]] = {}
        for job in self._kept.jobs.values():
            if job.state in OPEN and (tenants is None or job.tenant in tenants):
                opened.setdefault((job.queue, job.kind), []).append(job.opened_at)
        return [
            Waiting(queue=queue, kind=kind, jobs=len(moments), oldest=min(moments))
            for (queue, kind), moments in sorted(opened.items())
        ]

    async def agreement(
        self, since: datetime, until: datetime, tenants: TenantNames = None
    ) -> Agreement:
        by_id = {one.decision.decision_id: one.decision for one in self._kept.links()}
        return agreement(
            [
                (by_id[decision.about].kind, decision.kind)
                for decision in self._counted(since, until, tenants)
                if decision.blind
                and decision.kind.is_final
                and decision.job_kind is JobKind.SECOND_REVIEW
                and decision.about is not None
            ]
        )

    async def figures(self, year: int, tenants: TenantNames = None) -> Figures:
        since, until = year_of(year)
        actions = Counter(
            verdict.action.value
            for reached in self._memory.verdicts.values()
            for verdict in reached
            if since <= verdict.decided_at < until
            and (tenants is None or verdict.tenant in tenants)
        )
        appeals = [
            job
            for job in self._kept.jobs.values()
            if job.kind is JobKind.APPEAL
            and since <= job.opened_at < until
            and (tenants is None or job.tenant in tenants)
        ]
        return figures_of(
            year,
            verdicts_by_action=actions,
            made=[self._made(decision) for decision in self._counted(since, until, tenants)],
            appeals_received=len(appeals),
        )

    def _made(self, decision: Decision) -> Made:
        job = self._kept.jobs.get(decision.job_id)
        item = self._kept.known.get(decision.upload_id)
        is_known = item is not None and item.verdict_id == decision.verdict_id
        return Made(
            kind=decision.kind,
            job_kind=decision.job_kind,
            blind=decision.blind,
            reason=decision.reason,
            made_at=decision.made_at,
            asked_at=job.opened_at if job else None,
            expected=item.expected if item and is_known else None,
        )

    def _counted(
        self, since: datetime, until: datetime, tenants: TenantNames
    ) -> Iterator[Decision]:
        for decision in not_undone(self._kept):
            is_seen = tenants is None or decision.tenant in tenants
            if is_seen and since <= decision.made_at < until:
                yield decision


class InMemoryAuditTrail:
    """Implements `storage.reviews.ports.AuditTrail`."""

    def __init__(self, memory: Memory) -> None:
        self._kept = memory.reviews

    async def heads(self) -> dict[str, tuple[int, str]]:
        return {
            tenant: (chain[-1].sequence, chain[-1].digest)
            for tenant, chain in self._kept.chains.items()
        }

    async def links(self, tenant: str, *, after: int, limit: int) -> list[Link]:
        chain = self._kept.chains.get(tenant, [])
        return [one for one in chain if one.sequence > after][:limit]


def not_undone(kept: ReviewMemory) -> Iterator[Decision]:
    decided = [one.decision for one in kept.links()]
    cancelled = {decision.cancels for decision in decided}
    for decision in decided:
        if decision.kind is not DecisionKind.UNDO and decision.decision_id not in cancelled:
            yield decision


def _is_meant(job: ReviewJob, which: JobFilter) -> bool:
    return (
        (which.queue is None or job.queue == which.queue)
        and (which.tenants is None or job.tenant in which.tenants)
        and (which.kind is None or job.kind is which.kind)
        and (which.upload_id is None or job.upload_id == which.upload_id)
        and (job.state in OPEN or not which.open_only)
    )
