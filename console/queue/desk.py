"""What the queue's pages read and do, always for the tenants that the caller sees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.evidence.past import Past, past_of
from console.evidence.reading import Evidence
from console.identity.callers import Caller
from moderation.decisions import Decision
from moderation.errors import UnknownReview
from moderation.people import Permission
from moderation.reasons import PolicyReason
from moderation.review import ReviewJob, is_veiled
from storage.accounts.ports import Accounts
from storage.reviews.ports import (
    Decisions,
    JobFilter,
    ReviewQueue,
    ReviewRecords,
    ReviewStatistics,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenJobs:
    """How many reviews a queue has, and the oldest deadline of them.

    Not by kind: nobody is to know how many known items there are.
    """

    queue: str
    jobs: int
    due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueDesk:
    """`lock` is how long a review is with somebody who does not ask again.

    With `impression_first` nothing that detectors say is shown before the moderator said
    what they see.
    """

    queue: ReviewQueue
    decisions: Decisions
    records: ReviewRecords
    statistics: ReviewStatistics
    evidence: Evidence
    accounts: Accounts
    reasons: Mapping[str, PolicyReason]
    now: Callable[[], datetime]
    lock: timedelta
    impression_first: bool = False

    @property
    def renew_every(self) -> int:
        """Seconds: twice within a lock, so that one request may fail."""
        return max(1, int(self.lock.total_seconds() / 3))

    async def next(self, caller: Caller, *, queue: str | None) -> ReviewJob | None:
        return await self.queue.next(
            caller.somebody.person_id,
            queue=queue,
            tenants=caller.tenant_names,
            lead=caller.may(Permission.UNDO_OTHERS),
        )

    async def queues(self, caller: Caller) -> list[OpenJobs]:
        """What waits in each queue, whoever is to look at it."""
        tenants = caller.tenant_names
        counted: Counter[str] = Counter()
        for one in await self.statistics.waiting(tenants):
            counted[one.queue] += one.jobs
        found = []
        for name, jobs in sorted(counted.items()):
            which = JobFilter(queue=name, tenants=tenants)
            first = await self.records.jobs(which, limit=1)
            due = first[0].deadline_at if first else None  # it was ended meanwhile
            found.append(OpenJobs(queue=name, jobs=jobs, due=due))
        return found

    async def job(self, caller: Caller, job_id: str) -> ReviewJob:
        """Raises: UnknownReview: there is none, or it is another tenant's."""
        job = await self.records.job(job_id)
        if job.tenant not in caller.tenants:
            raise UnknownReview(f"no review {job_id}")
        return job

    async def decision(self, job: ReviewJob, decision_id: str) -> Decision:
        """A decision about a job. Raises: UnknownReview."""
        history = await self.records.history(job.upload_id)
        for kept in history.decisions:
            decision = kept.link.decision
            if (decision.decision_id, decision.job_id) == (decision_id, job.job_id):
                return decision
        raise UnknownReview(f"no decision {decision_id}")

    async def past(self, caller: Caller, job: ReviewJob) -> Past | None:
        """What others decided; None where who holds this job is not to know."""
        if is_veiled(job):
            return None
        history = await self.records.history(job.upload_id)
        return await past_of(history, caller, self.accounts.people, self.now())
