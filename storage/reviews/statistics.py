"""What is counted of reviews in SQLite or PostgreSQL, and the items whose answer is known."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from moderation.agreement import Agreement, agreement
from moderation.decisions import DecisionKind
from moderation.figures import Figures, Made, figures_of, year_of
from moderation.review import JobKind
from storage.database import reading
from storage.reviews.ports import TenantNames, Waiting
from storage.reviews.tables import decisions, known_items, review_jobs
from storage.tables import verdicts
from storage.tenancy import among

_FINAL = [kind.value for kind in DecisionKind if kind.is_final]
_CANCELLING = decisions.alias("cancelling")
_FIRST = decisions.alias("first")


class SqlReviewStatistics:
    """Implements `storage.reviews.ports.ReviewStatistics`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def waiting(self, tenants: TenantNames = None) -> list[Waiting]:
        columns = review_jobs.c
        query = (
            select(
                columns.queue,
                columns.kind,
                func.count(columns.job_id).label("jobs"),
                func.min(columns.opened_at).label("oldest"),
            )
            .where(columns.ended_at.is_(None), among(tenants, columns.tenant))
            .group_by(columns.queue, columns.kind)
            .order_by(columns.queue, columns.kind)
        )
        async with reading(self._engine) as connection:
            return [
                Waiting(queue=row.queue, kind=JobKind(row.kind), jobs=row.jobs, oldest=row.oldest)
                for row in await connection.execute(query)
            ]

    async def agreement(
        self, since: datetime, until: datetime, tenants: TenantNames = None
    ) -> Agreement:
        query = (
            select(_FIRST.c.kind.label("first"), decisions.c.kind.label("second"))
            .join(_FIRST, _FIRST.c.decision_id == decisions.c.about)
            .where(
                decisions.c.job_kind == JobKind.SECOND_REVIEW.value,
                decisions.c.blind.is_(True),
                decisions.c.kind.in_(_FINAL),
                *_counted(since, until, tenants),
            )
        )
        async with reading(self._engine) as connection:
            return agreement([(row.first, row.second) for row in await connection.execute(query)])

    async def figures(self, year: int, tenants: TenantNames = None) -> Figures:
        since, until = year_of(year)
        async with reading(self._engine) as connection:
            return figures_of(
                year,
                verdicts_by_action=await _actions(connection, since, until, tenants),
                made=[_made(row) for row in await connection.execute(_all(since, until, tenants))],
                appeals_received=await _appeals(connection, since, until, tenants),
            )


def _counted(since: datetime, until: datetime, tenants: TenantNames) -> list[ColumnElement[bool]]:
    """Decisions of a time that stand."""
    return [
        among(tenants, decisions.c.tenant),
        decisions.c.made_at >= since,
        decisions.c.made_at < until,
        *not_undone(),
    ]


def not_undone() -> tuple[ColumnElement[bool], ...]:
    """Decisions that stand: neither an undo nor undone."""
    undone = exists().where(_CANCELLING.c.cancels == decisions.c.decision_id)
    return decisions.c.kind != DecisionKind.UNDO.value, ~undone


def _all(since: datetime, until: datetime, tenants: TenantNames) -> Select[Any]:
    return (
        select(
            decisions.c.kind,
            decisions.c.job_kind,
            decisions.c.blind,
            decisions.c.reason,
            decisions.c.made_at,
            review_jobs.c.opened_at,
            known_items.c.expected,
        )
        .outerjoin(review_jobs, review_jobs.c.job_id == decisions.c.job_id)
        .outerjoin(known_items, known_items.c.verdict_id == decisions.c.verdict_id)
        .where(*_counted(since, until, tenants))
    )


def _made(row: Row[Any]) -> Made:
    return Made(
        kind=DecisionKind(row.kind),
        job_kind=JobKind(row.job_kind),
        blind=row.blind,
        reason=row.reason,
        made_at=row.made_at,
        asked_at=row.opened_at,
        expected=DecisionKind(row.expected) if row.expected else None,
    )


async def _actions(
    connection: AsyncConnection, since: datetime, until: datetime, tenants: TenantNames
) -> dict[str, int]:
    query = (
        select(verdicts.c.action, func.count(verdicts.c.verdict_id).label("verdicts"))
        .where(
            among(tenants, verdicts.c.tenant),
            verdicts.c.decided_at >= since,
            verdicts.c.decided_at < until,
        )
        .group_by(verdicts.c.action)
    )
    return {row.action: row.verdicts for row in await connection.execute(query)}


async def _appeals(
    connection: AsyncConnection, since: datetime, until: datetime, tenants: TenantNames
) -> int:
    columns = review_jobs.c
    query = select(func.count(columns.job_id)).where(
        among(tenants, columns.tenant),
        columns.kind == JobKind.APPEAL.value,
        columns.opened_at >= since,
        columns.opened_at < until,
    )
    return await connection.scalar(query) or 0
