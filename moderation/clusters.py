"""One decision for uploads that are the same or look alike: each is decided by a review of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from moderation.decisions import Decision, DecisionKind, Ruling
from moderation.errors import NotHeld
from moderation.review import OPEN, JobKind, Lock, ReviewJob, ReviewPlan, job_id_of, queue_of
from moderation.verdict import Action, Verdict

_TOKENS = uuid.UUID("8f3c6f0a-31d7-4d0e-9d0b-6a2d7a9d5b10")
_ASKED = frozenset({JobKind.FLAGGED, JobKind.AUDIT_SAMPLE, JobKind.CLUSTER})


def review_in_cluster(
    verdict: Verdict,
    jobs: Sequence[ReviewJob],
    standing: Decision | None,
    *,
    moderator: str,
    token: str,
    plan: ReviewPlan,
    now: datetime,
) -> ReviewJob:
    """Return the review by which an upload is decided, held by the moderator.

    That is the one that is open anyhow, or a new one about what stands.

    Raises:
        NotHeld: somebody else is looking at it, or an appeal is open or was decided: what
            an uploader was answered does not change along with other uploads.
    """
    waiting = [job for job in jobs if job.state in OPEN]
    answered = standing is not None and standing.job_kind is JobKind.APPEAL
    if answered or any(job.kind is JobKind.APPEAL for job in waiting):
        raise NotHeld
    lock = Lock(moderator=moderator, until=now + plan.lock)
    asked = next((job for job in waiting if job.kind in _ASKED), None)
    if asked is None:
        return _opened(verdict, standing, lock, token, plan, now)
    if not asked.is_free(now) and not asked.is_held_by(moderator, now):
        raise NotHeld
    return replace(asked, lock=lock)


def ruling_on(job: ReviewJob, action: Action, *, reason: str, token: str, note: str = "") -> Ruling:
    """What is to be handed in so that the upload ends with this action, whatever it has now.

    Raises:
        ValueError: the note is too long or cannot be kept, or the action decides nothing.
    """
    if action is Action.REVIEW:
        raise ValueError("a cluster is published, labelled or withheld")
    keeps = (job.action is not Action.PUBLISH) == action.restricts
    return Ruling(
        kind=DecisionKind.UPHOLD if keeps else DecisionKind.OVERTURN,
        verdict_id=job.verdict_id,
        reason=reason,
        token=token,
        note=note,
        action=action,
    )


def token_for(token: str, upload_id: str) -> str:
    """A form's token, for one of the uploads that it decides."""
    return str(uuid.uuid5(_TOKENS, f"{token}:{upload_id}"))


def _opened(
    verdict: Verdict,
    standing: Decision | None,
    lock: Lock,
    token: str,
    plan: ReviewPlan,
    now: datetime,
) -> ReviewJob:
    action = standing.action if standing is not None and standing.action else verdict.action
    return ReviewJob(
        job_id=job_id_of(verdict.upload_id, JobKind.CLUSTER, token),
        tenant=verdict.tenant,
        upload_id=verdict.upload_id,
        verdict_id=verdict.verdict_id,
        queue=queue_of(verdict),
        kind=JobKind.CLUSTER,
        action=action,
        opened_at=now,
        deadline_at=now + plan.flagged_within,
        lock=lock,
    )
