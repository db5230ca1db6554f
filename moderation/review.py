"""What a person is to look at: a job of the review queue, and which jobs a verdict opens."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from moderation.sampling import is_drawn
from moderation.upload import GOLDEN
from moderation.verdict import Action, Verdict

_JOB_IDS = uuid.UUID("5c0f2b3e-7d52-4c54-9a0c-2f6f1f2ce0a7")


class JobKind(StrEnum):
    """Why a job is there. A moderator is not told of the last word of each: it would bias them."""

    FLAGGED = "flagged"
    AUDIT_SAMPLE = "audit_sample"
    KNOWN_ITEM = "known_item"
    SECOND_REVIEW = "second_review"
    APPEAL = "appeal"
    CLUSTER = "cluster"


class JobState(StrEnum):
    """`skipped` waits for somebody else; a lock lies over `waiting` and `skipped`, and expires."""

    WAITING = "waiting"
    SKIPPED = "skipped"
    DECIDED = "decided"
    CLOSED = "closed"


OPEN = frozenset({JobState.WAITING, JobState.SKIPPED})

# Nobody judges what they decided before. A flagged upload whose verdict is another one by now
# may come back to whom it was with.
FOR_OTHERS = frozenset({JobKind.KNOWN_ITEM, JobKind.SECOND_REVIEW, JobKind.APPEAL})

# Nobody who judges one sees what others decided: it would tell which of them is a known item.
VEILED = frozenset({JobKind.FLAGGED, JobKind.KNOWN_ITEM})


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Nobody else is given the job until then."""

    moderator: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewJob:
    """One question to one person: is this verdict right?

    `action` is what is in question: what the verdict asks the platform to do or, in an
    appeal, what stands. `about` is the decision that is looked at again. In a `blind` job
    the reviewer is not to see what others decided; an `escalated` one is for leads.
    """

    job_id: str
    tenant: str
    upload_id: str
    verdict_id: str
    queue: str
    kind: JobKind
    action: Action
    opened_at: datetime
    deadline_at: datetime
    state: JobState = JobState.WAITING
    escalated: bool = False
    blind: bool = False
    about: str | None = None
    lock: Lock | None = None
    decision_id: str | None = None
    appeal: str | None = None
    ended_at: datetime | None = None

    def is_held_by(self, moderator: str, now: datetime) -> bool:
        lock = self.lock
        return lock is not None and lock.moderator == moderator and now < lock.until

    def is_free(self, now: datetime) -> bool:
        return self.state in OPEN and (self.lock is None or self.lock.until <= now)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPlan:
    """How long things may take, and which shares are drawn at random (0 to 1).

    `audited` is a share of the uploads that are published, `known` and `second` of the
    flagged ones.

    Raises:
        ValueError: a share does not lie in [0, 1], or a time is none.
    """

    flagged_within: timedelta = timedelta(hours=24)
    audited_within: timedelta = timedelta(days=7)
    second_within: timedelta = timedelta(days=3)
    appeal_within: timedelta = timedelta(days=7)
    lock: timedelta = timedelta(minutes=15)
    grace: timedelta = timedelta(minutes=1)
    audited: float = 0.005
    known: float = 0.02
    second: float = 0.05

    def __post_init__(self) -> None:
        if not all(0.0 <= share <= 1.0 for share in (self.audited, self.known, self.second)):
            raise ValueError("a share must lie in [0, 1]")
        if self.lock <= timedelta(0) or self.grace < timedelta(0):
            raise ValueError("a lock must last, and the grace time not be negative")


def is_veiled(job: ReviewJob) -> bool:
    """Whether who is to judge sees nothing of what others decided."""
    return job.blind or job.kind in VEILED


def job_id_of(*parts: str) -> str:
    """Ids follow from what a job is about: opened twice, it is the same job."""
    return str(uuid.uuid5(_JOB_IDS, ":".join(parts)))


def jobs_after(
    verdict: Verdict, existing: Sequence[ReviewJob], plan: ReviewPlan, now: datetime
) -> list[ReviewJob]:
    """Return the upload's jobs that a new verdict opens, renews or closes, as they are then.

    What a person decided stays decided: a later verdict on the same upload asks nobody again.
    A job that waits goes on with the new verdict and keeps its deadline, or is closed when
    there is nothing to ask any more. Appeals are answered whatever the new verdict is.
    """
    first = {job.kind: job for job in existing if job.kind in _BY_VERDICT}
    changed = [
        _renewed(job, verdict) for job in existing if job.kind is JobKind.APPEAL and _is_open(job)
    ]
    if any(job.kind in _SETTLING and job.state is JobState.DECIDED for job in existing):
        return changed
    wanted = _wanted(verdict, plan)
    for kind, job in first.items():
        if kind is not wanted and _is_open(job):
            changed.append(replace(job, state=JobState.CLOSED, lock=None, ended_at=now))
    if wanted is not None:
        changed.append(_opened(verdict, wanted, first.get(wanted), plan, now))
    return changed


_BY_VERDICT = frozenset({JobKind.FLAGGED, JobKind.AUDIT_SAMPLE})
_SETTLING = _BY_VERDICT | {JobKind.CLUSTER}


def _wanted(verdict: Verdict, plan: ReviewPlan) -> JobKind | None:
    if verdict.tenant == GOLDEN:
        return None
    if verdict.action is Action.REVIEW:
        return JobKind.FLAGGED
    if verdict.action is not Action.PUBLISH:
        return None
    drawn = is_drawn(verdict.upload_id, purpose="audit", share=plan.audited)
    return JobKind.AUDIT_SAMPLE if drawn else None


def _is_open(job: ReviewJob) -> bool:
    return job.state in OPEN


def _renewed(job: ReviewJob, verdict: Verdict) -> ReviewJob:
    """The job about another verdict. An appeal goes on about what is restricted."""
    if job.kind is JobKind.APPEAL:
        return replace(job, verdict_id=verdict.verdict_id)
    return replace(
        job, verdict_id=verdict.verdict_id, action=verdict.action, queue=queue_of(verdict)
    )


def _opened(
    verdict: Verdict, kind: JobKind, known: ReviewJob | None, plan: ReviewPlan, now: datetime
) -> ReviewJob:
    if known is not None and _is_open(known):
        return _renewed(known, verdict)
    within = plan.flagged_within if kind is JobKind.FLAGGED else plan.audited_within
    return ReviewJob(
        job_id=job_id_of(verdict.upload_id, kind),
        tenant=verdict.tenant,
        upload_id=verdict.upload_id,
        verdict_id=verdict.verdict_id,
        queue=queue_of(verdict),
        kind=kind,
        action=verdict.action,
        opened_at=now,
        deadline_at=now + within,
    )


def queue_of(verdict: Verdict) -> str:
    """Each policy has a queue of its own."""
    return verdict.lineage.policy_name
