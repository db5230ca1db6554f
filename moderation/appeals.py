"""Reviews of what stands already: an uploader appeals against it, or a lead opens it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from moderation.decisions import Decision, check_text
from moderation.errors import AppealOpen, NothingToAppeal, NothingToReopen
from moderation.review import OPEN, JobKind, ReviewJob, ReviewPlan, job_id_of, queue_of
from moderation.verdict import Verdict

LONGEST_APPEAL = 4000


def check_appeal(text: str) -> str:
    """Give the words back. Raises: ValueError: there are none, or they cannot be kept."""
    if not text.strip():
        raise ValueError("an appeal says why")
    check_text(text, longest=LONGEST_APPEAL)
    return text


def appeal(
    verdict: Verdict,
    standing: Decision | None,
    before: Sequence[ReviewJob],
    text: str,
    plan: ReviewPlan,
    now: datetime,
) -> ReviewJob:
    """Open an appeal against what stands: a decision, or a verdict that nobody looked at.

    `before` are the upload's jobs. An appeal that waits and says the same is returned: the
    client sent it twice.

    Raises:
        AppealOpen: one that waits says something else.
        NothingToAppeal: nothing is restricted, or an appeal was decided.
    """
    for one in before:
        if one.kind is JobKind.APPEAL and one.state in OPEN:
            return _same(one, text)
    job = _opened(verdict, standing, text, plan, now)
    if any(one.job_id == job.job_id for one in before):
        # Its decision is in the grace time still.
        raise NothingToAppeal("an appeal was decided already")
    return job


def _same(waiting: ReviewJob, text: str) -> ReviewJob:
    if waiting.appeal != text:
        raise AppealOpen
    return waiting


def _opened(
    verdict: Verdict, standing: Decision | None, text: str, plan: ReviewPlan, now: datetime
) -> ReviewJob:
    action = standing.action if standing is not None else verdict.action
    if action is None or not action.restricts:
        raise NothingToAppeal
    if standing is not None and standing.job_kind is JobKind.APPEAL:
        raise NothingToAppeal("an appeal was decided already")
    about = standing.decision_id if standing is not None else _taken_over(verdict)
    against = standing.decision_id if standing is not None else verdict.verdict_id
    return ReviewJob(
        job_id=job_id_of(verdict.upload_id, JobKind.APPEAL, against),
        tenant=verdict.tenant,
        upload_id=verdict.upload_id,
        verdict_id=verdict.verdict_id,
        queue=queue_of(verdict),
        kind=JobKind.APPEAL,
        action=action,
        opened_at=now,
        deadline_at=now + plan.appeal_within,
        about=about,
        appeal=text,
    )


def _taken_over(verdict: Verdict) -> str | None:
    """What people decided about an upload alike, and the verdict acts by: who did is not asked."""
    matches = (one for one in verdict.matched if one.action is verdict.action)
    return next((one.decision_id for one in matches if one.decision_id), None)


def reopening(
    standing: Decision | None, before: Sequence[ReviewJob], plan: ReviewPlan, now: datetime
) -> ReviewJob:
    """Open a review of a decision that took effect, for somebody who has not decided about it.

    `before` are the upload's jobs: one about that decision that waits is returned as it is, so
    that nobody is asked twice. A blind one is none of them: it measures people.

    Raises:
        NothingToReopen: nobody decided anything that is in force, or it was opened again before.
    """
    if standing is None or standing.action is None:
        raise NothingToReopen
    for one in before:
        if one.about == standing.decision_id and one.state in OPEN and not one.blind:
            return one
    of = next((one for one in before if one.job_id == standing.job_id), None)
    job_id = job_id_of(standing.decision_id, "reopened")
    if of is None or any(one.job_id == job_id for one in before):
        raise NothingToReopen
    return ReviewJob(
        job_id=job_id,
        tenant=standing.tenant,
        upload_id=standing.upload_id,
        verdict_id=standing.verdict_id,
        queue=of.queue,
        kind=JobKind.SECOND_REVIEW,
        action=standing.action,
        opened_at=now,
        deadline_at=now + plan.second_within,
        about=standing.decision_id,
    )
