"""What people look at and decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from moderation import dsa
from moderation.errors import InvalidConfiguration
from moderation.reasons import PolicyReason
from moderation.review import ReviewPlan
from moderation.statements import Terms
from runtime.reasons import load_reasons
from runtime.settings import Settings
from storage.reviews.appeals import SqlAppeals
from storage.reviews.chain import SqlAuditTrail
from storage.reviews.deciding import SqlDecisions
from storage.reviews.known import SqlKnownItems
from storage.reviews.queue import SqlReviewQueue
from storage.reviews.records import SqlReviewRecords
from storage.reviews.settlement import SqlSettlement
from storage.reviews.statistics import SqlReviewStatistics


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviews:
    """All that a moderator's day needs, over one database."""

    plan: ReviewPlan
    reasons: Mapping[str, PolicyReason]
    queue: SqlReviewQueue
    decisions: SqlDecisions
    settlement: SqlSettlement
    appeals: SqlAppeals
    records: SqlReviewRecords
    statistics: SqlReviewStatistics
    known: SqlKnownItems
    audit: SqlAuditTrail


def reviews(engine: AsyncEngine, settings: Settings) -> Reviews:
    """Raises: InvalidConfiguration: the policy's reasons cannot be read."""
    plan, reasons = _plan(settings), load_reasons(settings.review.reasons)
    return Reviews(
        plan=plan,
        reasons=reasons,
        queue=SqlReviewQueue(engine, plan=plan),
        decisions=SqlDecisions(engine, reasons, plan=plan),
        settlement=SqlSettlement(engine),
        appeals=SqlAppeals(engine, plan=plan),
        records=SqlReviewRecords(engine),
        statistics=SqlReviewStatistics(engine),
        known=SqlKnownItems(engine),
        audit=SqlAuditTrail(engine),
    )


def _plan(settings: Settings) -> ReviewPlan:
    review = settings.review
    return ReviewPlan(
        flagged_within=review.flagged_within,
        audited_within=review.audited_within,
        second_within=review.second_within,
        appeal_within=review.appeal_within,
        lock=review.lock,
        grace=review.grace,
        audited=review.audited,
        known=review.known,
        second=review.second,
    )


def statement_terms(settings: Settings) -> Terms:
    """Raises: InvalidConfiguration: a country is none of the European Economic Area."""
    countries = settings.review.countries
    foreign = sorted(set(countries) - dsa.COUNTRIES)
    if foreign:
        raise InvalidConfiguration(
            f"VERISCOPE_REVIEW__COUNTRIES: {foreign[0]} is none of the European Economic Area"
        )
    return Terms(
        countries=tuple(sorted(countries or dsa.COUNTRIES)),
        reference_url=settings.review.terms_url,
    )
