"""What has to be looked for in verdicts one by one, and what decisions are told beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, case, exists, or_, select

from moderation.review import VEILED
from storage.reviews.tables import decisions, review_jobs, standing_decisions
from storage.search.ports import Decided, Wanted
from storage.search.runs import Condition, Way, scored
from storage.search.tables import verdict_terms
from storage.search.terms import Kind
from storage.tables import verdicts

# Asked for each verdict that was found: joined, a database may read all decisions for a few.
_STANDING = select(standing_decisions.c.action).where(
    standing_decisions.c.upload_id == verdicts.c.upload_id
)
_WITH_DECISION = _STANDING.join(
    decisions, decisions.c.decision_id == standing_decisions.c.decision_id
)


def rest_of(which: Wanted, way: Way, names: Sequence[str] | None) -> Iterator[Condition]:
    """What has to be looked for on the way."""
    if names is not None:
        yield verdicts.c.tenant.in_(names)
    for asked, condition in _conditions(which):
        if asked != way.heeds:
            yield condition
    if which.unscored and which.asks_scores:
        yield ~under_review(which)


def _conditions(which: Wanted) -> Iterator[tuple[str, Condition]]:
    """All that is asked for but the time, each by its name; see `Way.heeds`."""
    column = verdicts.c
    if which.labels:
        yield "label", column.label.in_([label.value for label in which.labels])
    for condition in scored(which):
        yield "score", condition
    if which.lane is not None:
        yield "lane", column.lane == which.lane.value
    if which.reason is not None:
        yield "reason", _has_term(Kind.REASON, which.reason)
    if which.generator is not None:
        yield "generator", _has_term(Kind.GENERATOR, which.generator)
    if which.provenance is not None:
        yield "provenance", column.provenance_state == which.provenance.value
    if which.model is not None:
        yield "model", column.model_name == which.model
    if which.model_version is not None:
        yield "model", column.model_version == which.model_version
    if which.policy is not None:
        yield "policy", column.policy_name == which.policy
    if which.policy_sha256 is not None:
        yield "policy", column.policy_sha256.startswith(which.policy_sha256, autoescape=True)
    if which.decided is Decided.NOTHING:
        yield "decided", standing(which).is_(None)
    elif which.decided is not None:
        yield "decided", standing(which) == which.decided.value


def _has_term(kind: Kind, term: str) -> Condition:
    terms = verdict_terms.c
    return exists(
        select(1).where(
            terms.verdict_id == verdicts.c.verdict_id,
            terms.kind == kind.value,
            terms.term == term,
        )
    )


def standing(which: Wanted) -> ColumnElement[str | None]:
    """What a decision asks for; nothing where it is not to be told of."""
    return _told(which, _STANDING)


def decided_by(which: Wanted) -> ColumnElement[str | None]:
    """Who decided so; nobody where it is not to be told of."""
    return _told(which, _WITH_DECISION.with_only_columns(decisions.c.moderator))


def _told(which: Wanted, asked: Select[Any]) -> ColumnElement[str | None]:
    told = asked.correlate(verdicts).scalar_subquery()
    return case((under_review(which), None), else_=told) if which.unbiased else told


def under_review(which: Wanted) -> Condition:
    """Whether a review is open that is to be judged without what others said."""
    jobs = review_jobs.c
    review = select(1).where(
        jobs.upload_id == verdicts.c.upload_id,
        jobs.ended_at.is_(None),
        or_(jobs.blind.is_(True), jobs.kind.in_(sorted(VEILED))),
    )
    return exists(review.where(jobs.locked_by == which.holder) if which.holder else review)
