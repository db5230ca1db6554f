"""Everything of `storage.reviews.ports` that changes something, kept in memory: for tests.

No method awaits between reading and writing, so each is one transaction. Reading stands in
`storage.reviews.in_memory_records`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from moderation.deciding import decide, decided, reopened, undo
from moderation.decisions import Decision, DecisionKind, Link, Ruling
from moderation.errors import NotHeld, UndoTooLate, UnknownReview
from moderation.reasons import PolicyReason
from moderation.review import FOR_OTHERS, OPEN, JobKind, JobState, Lock, ReviewJob
from storage.in_memory import Memory
from storage.ports import OutboundMessage
from storage.reviews.deciding import same
from storage.reviews.ports import DueDecision, TenantNames
from storage.reviews.queue import check_skip

_SALT = "in memory"


class InMemoryReviewQueue:
    """Implements `storage.reviews.ports.ReviewQueue`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._kept = memory.reviews

    async def next(
        self,
        moderator: str,
        *,
        queue: str | None = None,
        tenants: TenantNames = None,
        lead: bool = False,
    ) -> ReviewJob | None:
        now = self._memory.clock()
        seen = [
            job
            for job in self._kept.jobs.values()
            if job.state in OPEN and (tenants is None or job.tenant in tenants)
        ]
        held = [job for job in seen if job.is_held_by(moderator, now)]
        free = [
            job
            for job in seen
            if queue in (None, job.queue) and self._is_free_for(job, moderator, now, lead=lead)
        ]
        oldest = min(held or free, key=lambda job: (job.deadline_at, job.job_id), default=None)
        return None if oldest is None else self._lock(oldest, moderator, now)

    async def renew(self, job_id: str, moderator: str) -> ReviewJob:
        now = self._memory.clock()
        return self._lock(self._held(job_id, moderator, now), moderator, now)

    async def release(self, job_id: str, moderator: str, *, skipping: str | None = None) -> None:
        if skipping is not None:
            check_skip(skipping)
        job = self._held(job_id, moderator, self._memory.clock())
        state = job.state if skipping is None else JobState.SKIPPED
        self._kept.jobs[job_id] = replace(job, lock=None, state=state)
        if skipping is not None:
            skipped = (skipping, self._memory.clock())
            self._kept.skips.setdefault((job_id, moderator), skipped)

    def _held(self, job_id: str, moderator: str, now: datetime) -> ReviewJob:
        job = self._kept.jobs.get(job_id)
        if job is None:
            raise UnknownReview(f"no review {job_id}")
        if not job.is_held_by(moderator, now):
            raise NotHeld
        return job

    def _lock(self, job: ReviewJob, moderator: str, now: datetime) -> ReviewJob:
        locked = replace(job, lock=Lock(moderator=moderator, until=now + self._kept.plan.lock))
        self._kept.jobs[job.job_id] = locked
        return locked

    def _is_free_for(self, job: ReviewJob, moderator: str, now: datetime, *, lead: bool) -> bool:
        if not job.is_free(now) or (job.escalated and not lead):
            return False
        if (job.job_id, moderator) in self._kept.skips:
            return False
        return job.kind not in FOR_OTHERS or not any(
            (one.decision.upload_id == job.upload_id or one.decision.decision_id == job.about)
            and one.decision.moderator == moderator
            and one.decision.kind is not DecisionKind.UNDO
            for one in self._kept.chains.get(job.tenant, ())
        )


class InMemoryDecisions:
    """Implements `storage.reviews.ports.Decisions`."""

    def __init__(self, memory: Memory, reasons: Mapping[str, PolicyReason]) -> None:
        self._memory = memory
        self._kept = memory.reviews
        self._reasons = reasons

    async def decide(self, job_id: str, moderator: str, ruling: Ruling) -> Link:
        job = self._job(job_id)
        before = self._by_token(moderator, ruling.token)
        if before is not None:
            return same(before, job_id=job_id, kind=ruling.kind)
        decision = decide(
            job,
            ruling,
            moderator=moderator,
            now=self._memory.clock(),
            plan=self._kept.plan,
            reasons=self._reasons,
            salt=_SALT,
        )
        self._kept.unsettled[decision.decision_id] = decision.effective_at
        self._kept.jobs[job_id] = decided(job, decision)
        if ruling.note:
            self._kept.notes[decision.decision_id] = ruling.note
        return self._kept.append(decision)

    async def undo(
        self, decision_id: str, moderator: str, *, token: str, reason: str = "", lead: bool = False
    ) -> Link:
        decision = _decision(self._memory, decision_id)
        if decision is None:
            raise UnknownReview(f"no decision {decision_id}")
        job = self._job(decision.job_id)
        before = self._by_token(moderator, token)
        if before is not None:
            return same(before, cancels=decision_id)
        now = self._memory.clock()
        undone = undo(decision, moderator=moderator, lead=lead, token=token, reason=reason, now=now)
        if self._kept.unsettled.pop(decision_id, None) is None:
            raise UndoTooLate
        self._kept.jobs[job.job_id] = reopened(job, decision, undone, self._kept.plan)
        return self._kept.append(undone)

    def _job(self, job_id: str) -> ReviewJob:
        if job_id not in self._kept.jobs:
            raise UnknownReview(f"no review {job_id}")
        return self._kept.jobs[job_id]

    def _by_token(self, moderator: str, token: str) -> Link | None:
        return next(
            (
                one
                for one in self._kept.links()
                if (one.decision.moderator, one.decision.token) == (moderator, token)
            ),
            None,
        )


class InMemorySettlement:
    """Implements `storage.reviews.ports.Settlement`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._kept = memory.reviews

    async def due(self, now: datetime, *, limit: int) -> list[DueDecision]:
        ids = sorted((at, name) for name, at in self._kept.unsettled.items() if at <= now)
        links = {one.decision.decision_id: one for one in self._kept.links()}
        return [
            DueDecision(
                link=links[name],
                job=self._kept.jobs.get(links[name].decision.job_id),
                about=_decision(self._memory, links[name].decision.about),
            )
            for _, name in ids[:limit]
        ]

    async def settle(
        self,
        decision: Decision,
        *,
        publish: Sequence[OutboundMessage],
        opens: Sequence[ReviewJob],
    ) -> bool:
        if self._kept.unsettled.pop(decision.decision_id, None) is None:
            return False
        if decision.is_told:
            self._kept.standing[decision.upload_id] = decision
        self._kept.jobs |= {job.job_id: job for job in opens}
        self._memory.write_messages(publish, at=self._memory.clock())
        return True

    async def lapse(self, now: datetime) -> int:
        late = [
            job
            for job in self._kept.jobs.values()
            if job.kind is JobKind.KNOWN_ITEM and job.is_free(now) and job.deadline_at <= now
        ]
        for job in late:
            self._kept.jobs[job.job_id] = replace(
                job, state=JobState.CLOSED, lock=None, ended_at=now
            )
        return len(late)


def _decision(memory: Memory, decision_id: str | None) -> Decision | None:
    links = memory.reviews.links()
    found = (one.decision for one in links if one.decision.decision_id == decision_id)
    return next(found, None)
