"""Uploads whose right answer is known, mixed among flagged ones to see how well people judge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from moderation.decisions import DecisionKind
from moderation.errors import UnfitKnownItem
from moderation.figures import Share, share_of
from moderation.review import JobKind, ReviewJob, ReviewPlan, job_id_of
from moderation.sampling import is_drawn, pick
from moderation.verdict import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownItem:
    """`expected` is the right answer to the verdict, whose `action` is in question.

    Raises:
        ValueError: the answer decides nothing.
    """

    upload_id: str
    tenant: str
    verdict_id: str
    action: Action
    expected: DecisionKind
    marked_by: str
    marked_at: datetime

    def __post_init__(self) -> None:
        if not self.expected.is_final:
            raise ValueError("a known item's answer is uphold or overturn")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAnswer:
    """How a moderator answered a known item."""

    moderator: str
    item: KnownItem
    answered: DecisionKind
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """How many of a moderator's answers were right; `passed_on` decided nothing."""

    moderator: str
    right: Share
    passed_on: int


def check_fit(action: Action) -> None:
    """Refuse what would stand out among flagged uploads.

    Raises:
        UnfitKnownItem: the verdict asked nobody to look.
    """
    if action is not Action.REVIEW:
        raise UnfitKnownItem


def accuracy_of(answers: Iterable[KnownAnswer]) -> list[Accuracy]:
    """Count each moderator's answers, by moderator."""
    counted: dict[str, list[int]] = {}
    for one in answers:
        right, wrong, passed_on = counted.setdefault(one.moderator, [0, 0, 0])
        if not one.answered.is_final:
            passed_on += 1
        elif one.answered is one.item.expected:
            right += 1
        else:
            wrong += 1
        counted[one.moderator] = [right, wrong, passed_on]
    return [
        Accuracy(moderator=who, right=share_of(right, right + wrong), passed_on=passed_on)
        for who, (right, wrong, passed_on) in sorted(counted.items())
    ]


def draws_known_item(job: ReviewJob, plan: ReviewPlan) -> bool:
    """Whether a known item is to be mixed in beside a flagged upload."""
    return job.kind is JobKind.FLAGGED and is_drawn(
        job.upload_id, purpose="known", share=plan.known
    )


def known_item_beside(job: ReviewJob, items: Sequence[KnownItem]) -> ReviewJob | None:
    """Make the job of a known item that looks like one more flagged upload of the same queue."""
    others = [item for item in items if item.upload_id != job.upload_id]
    item = pick(others, name=job.upload_id, purpose="which")
    if item is None:
        return None
    return ReviewJob(
        job_id=job_id_of(job.job_id, JobKind.KNOWN_ITEM),
        tenant=item.tenant,
        upload_id=item.upload_id,
        verdict_id=item.verdict_id,
        queue=job.queue,
        kind=JobKind.KNOWN_ITEM,
        action=item.action,
        blind=True,
        opened_at=job.opened_at,
        deadline_at=job.deadline_at,
    )
