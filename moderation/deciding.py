"""What a ruling becomes, what may be undone, and which jobs follow from a decision."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from moderation.decisions import Decision, DecisionKind, Ruling, note_digest
from moderation.errors import (
    NotHeld,
    NotYours,
    UndoTooLate,
    UnfitRuling,
    VerdictChanged,
)
from moderation.reasons import PolicyReason
from moderation.review import (
    JobKind,
    JobState,
    Lock,
    ReviewJob,
    ReviewPlan,
    job_id_of,
)
from moderation.sampling import is_drawn
from moderation.verdict import Action

_DECISION_IDS = uuid.UUID("b4a1f1a8-8a2b-4f43-9f14-5b7c2f1f3c4e")


def decide(
    job: ReviewJob,
    ruling: Ruling,
    *,
    moderator: str,
    now: datetime,
    plan: ReviewPlan,
    reasons: Mapping[str, PolicyReason],
    salt: str,
) -> Decision:
    """Make a decision of a ruling.

    Raises:
        NotHeld: the job is not locked by this moderator.
        VerdictChanged: a newer verdict came while they looked.
        UnfitRuling: there is no such reason, or it does not fit what is decided.
    """
    if not job.is_held_by(moderator, now):
        raise NotHeld
    if job.verdict_id != ruling.verdict_id:
        raise VerdictChanged
    action = _action(job, ruling)
    _check_reason(reasons.get(ruling.reason), ruling, action)
    return Decision(
        decision_id=str(uuid.uuid5(_DECISION_IDS, f"{job.job_id}:{moderator}:{ruling.token}")),
        tenant=job.tenant,
        upload_id=job.upload_id,
        verdict_id=job.verdict_id,
        job_id=job.job_id,
        job_kind=job.kind,
        blind=job.blind,
        kind=ruling.kind,
        reason=ruling.reason,
        moderator=moderator,
        token=ruling.token,
        made_at=now,
        effective_at=now + plan.grace,
        action=action,
        first_impression=ruling.first_impression,
        note_sha256=note_digest(ruling.note, salt=salt) if ruling.note else None,
        about=job.about,
    )


def _action(job: ReviewJob, ruling: Ruling) -> Action | None:
    """What the platform is asked to do: `review` in question says that it may be forged."""
    if not ruling.kind.is_final:
        if ruling.action is not None:
            raise UnfitRuling("what decides nothing asks for no action")
        return None
    usual = usual_action(ruling.kind, job.action)
    if usual is Action.PUBLISH:
        if ruling.action not in (None, Action.PUBLISH):
            raise UnfitRuling(f"this decision publishes; it cannot ask to {ruling.action}")
        return usual
    action = ruling.action or usual
    if not action.restricts:
        raise UnfitRuling(f"this decision restricts; it cannot ask to {action}")
    return action


def usual_action(kind: DecisionKind, in_question: Action) -> Action:
    """What upholding or overturning asks for where nothing else is chosen."""
    if (kind is DecisionKind.UPHOLD) == (in_question is Action.PUBLISH):
        return Action.PUBLISH
    return in_question if in_question.restricts else Action.WITHHOLD


def _check_reason(reason: PolicyReason | None, ruling: Ruling, action: Action | None) -> None:
    if reason is None:
        raise UnfitRuling(f"there is no policy reason {ruling.reason}")
    if action is not None and reason.restricts != action.restricts:
        does = "restricts" if action.restricts else "publishes"
        raise UnfitRuling(f"“{reason.words}” is no reason for a decision that {does}")


def decided(job: ReviewJob, decision: Decision) -> ReviewJob:
    return replace(
        job,
        state=JobState.DECIDED,
        lock=None,
        decision_id=decision.decision_id,
        ended_at=decision.made_at,
    )


def undo(
    decision: Decision, *, moderator: str, lead: bool, token: str, reason: str, now: datetime
) -> Decision:
    """Cancel a decision that nobody was told of yet, by one more link of the chain.

    Raises:
        NotYours: somebody else decided, and a lead is not who asks.
        UndoTooLate: it took effect.
    """
    if moderator != decision.moderator and not lead:
        raise NotYours
    if decision.kind is DecisionKind.UNDO or now >= decision.effective_at:
        raise UndoTooLate
    return replace(
        decision,
        decision_id=str(uuid.uuid5(_DECISION_IDS, f"{decision.decision_id}:undo")),
        kind=DecisionKind.UNDO,
        reason=reason,
        moderator=moderator,
        token=token,
        made_at=now,
        effective_at=now,
        action=None,
        first_impression=None,
        note_sha256=None,
        cancels=decision.decision_id,
    )


def reopened(job: ReviewJob, cancelled: Decision, undone: Decision, plan: ReviewPlan) -> ReviewJob:
    """The job as it is after an undo: back with who decided, if they took it back themselves."""
    own = undone.moderator == cancelled.moderator
    return replace(
        job,
        state=JobState.WAITING,
        lock=Lock(moderator=undone.moderator, until=undone.made_at + plan.lock) if own else None,
        decision_id=None,
        ended_at=None,
    )


def job_following(
    job: ReviewJob, decision: Decision, about: Decision | None, plan: ReviewPlan, now: datetime
) -> ReviewJob | None:
    """Return the job that a decision opens when it takes effect.

    Somebody else looks when the moderator asked for it, a lead when it was escalated or when a
    blind second review contradicts the first (`about`), and a share of what was decided
    about flagged uploads is reviewed again by somebody who does not see the decision.
    """
    if job.kind is JobKind.KNOWN_ITEM:
        return None
    if not decision.kind.is_final:
        return _second(job, decision, plan, now, escalated=decision.kind is DecisionKind.ESCALATE)
    if job.blind:
        agrees = about is None or about.kind is decision.kind
        return None if agrees else _second(job, decision, plan, now, escalated=True)
    if job.kind is JobKind.FLAGGED and is_drawn(job.upload_id, purpose="second", share=plan.second):
        return _second(job, decision, plan, now, blind=True)
    return None


def _second(
    job: ReviewJob,
    decision: Decision,
    plan: ReviewPlan,
    now: datetime,
    *,
    escalated: bool = False,
    blind: bool = False,
) -> ReviewJob:
    """A job about the same question. Who asked for help keeps the deadline of what they left."""
    return ReviewJob(
        job_id=job_id_of(decision.decision_id, JobKind.SECOND_REVIEW),
        tenant=job.tenant,
        upload_id=job.upload_id,
        verdict_id=job.verdict_id,
        queue=job.queue,
        kind=JobKind.SECOND_REVIEW,
        action=job.action,
        opened_at=now,
        deadline_at=job.deadline_at if decision.action is None else now + plan.second_within,
        escalated=escalated,
        blind=blind,
        about=decision.decision_id,
    )
