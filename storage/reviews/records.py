"""What is read of reviews in SQLite or PostgreSQL: jobs, histories, restrictions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from moderation.errors import UnknownReview
from moderation.review import ReviewJob
from moderation.verdict import Action, Label
from storage.database import reading
from storage.reviews.ports import (
    JobFilter,
    KeptDecision,
    Restriction,
    ReviewHistory,
    Skip,
    TenantNames,
)
from storage.reviews.rows import read_decision, read_job, read_link
from storage.reviews.settlement import standing_of
from storage.reviews.tables import (
    decision_notes,
    decisions,
    review_jobs,
    review_skips,
    standing_decisions,
)
from storage.rows import read_verdict
from storage.tables import verdicts
from storage.tenancy import among

_RESTRICTING = [action.value for action in Action if action.restricts]


class SqlReviewRecords:
    """Implements `storage.reviews.ports.ReviewRecords`, `Skips` and `Restrictions`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def job(self, job_id: str) -> ReviewJob:
        async with reading(self._engine) as connection:
            found = await connection.execute(
                select(review_jobs).where(review_jobs.c.job_id == job_id)
            )
            row = found.one_or_none()
        if row is None:
            raise UnknownReview(f"no review {job_id}")
        return read_job(row)

    async def history(self, upload_id: str) -> ReviewHistory:
        async with reading(self._engine) as connection:
            jobs = await connection.execute(
                select(review_jobs)
                .where(review_jobs.c.upload_id == upload_id)
                .order_by(review_jobs.c.opened_at, review_jobs.c.job_id)
            )
            kept = await connection.execute(
                select(decisions, decision_notes.c.note)
                .outerjoin(decision_notes, decision_notes.c.decision_id == decisions.c.decision_id)
                .where(decisions.c.upload_id == upload_id)
                .order_by(decisions.c.sequence)
            )
            return ReviewHistory(
                jobs=tuple(read_job(row) for row in jobs),
                decisions=tuple(KeptDecision(link=read_link(row), note=row.note) for row in kept),
                standing=await standing_of(connection, upload_id),
            )

    async def jobs(self, which: JobFilter, *, limit: int) -> list[ReviewJob]:
        columns = review_jobs.c
        query = (
            select(review_jobs)
            .where(among(which.tenants, columns.tenant))
            .order_by(columns.deadline_at, columns.job_id)
            .limit(limit)
        )
        if which.queue is not None:
            query = query.where(columns.queue == which.queue)
        if which.kind is not None:
            query = query.where(columns.kind == which.kind)
        if which.upload_id is not None:
            query = query.where(columns.upload_id == which.upload_id)
        if which.open_only:
            query = query.where(columns.ended_at.is_(None))
        async with reading(self._engine) as connection:
            return [read_job(row) for row in await connection.execute(query)]

    async def skips(
        self, since: datetime, until: datetime, tenants: TenantNames = None, *, limit: int
    ) -> list[Skip]:
        query = skips_query(since, until, tenants).limit(limit)
        async with reading(self._engine) as connection:
            return [
                Skip(
                    upload_id=row.upload_id,
                    tenant=row.tenant,
                    moderator=row.moderator,
                    reason=row.reason,
                    skipped_at=row.skipped_at,
                )
                for row in await connection.execute(query)
            ]

    async def restrictions(
        self,
        since: datetime,
        until: datetime,
        tenants: TenantNames = None,
        *,
        automated: bool = False,
    ) -> list[Restriction]:
        async with reading(self._engine) as connection:
            decided = await _decided(connection, since, until, tenants)
            alone = await _automated(connection, since, until, tenants) if automated else []
            return [*decided, *alone]


def skips_query(
    since: datetime, until: datetime, tenants: TenantNames
) -> Select[tuple[object, ...]]:
    """Skips of a time, the newest first."""
    skipped = review_skips.c
    return (
        select(review_skips, review_jobs.c.upload_id, review_jobs.c.tenant)
        .join(review_jobs, review_jobs.c.job_id == skipped.job_id)
        .where(
            among(tenants, review_jobs.c.tenant),
            skipped.skipped_at >= since,
            skipped.skipped_at < until,
        )
        .order_by(skipped.skipped_at.desc(), skipped.job_id)
    )


async def _decided(
    connection: AsyncConnection, since: datetime, until: datetime, tenants: TenantNames
) -> list[Restriction]:
    standing = standing_decisions.c
    query = (
        select(decisions, verdicts.c.verdict)
        .join(standing_decisions, standing.decision_id == decisions.c.decision_id)
        .join(verdicts, verdicts.c.verdict_id == decisions.c.verdict_id)
        .where(
            among(tenants, standing.tenant),
            standing.action.in_(_RESTRICTING),
            standing.since >= since,
            standing.since < until,
        )
        .order_by(standing.since, standing.upload_id)
    )
    return [_restriction(row) for row in await connection.execute(query)]


def _restriction(row: Row[Any]) -> Restriction:
    return Restriction(verdict=read_verdict(row.verdict), decision=read_decision(row))


async def _automated(
    connection: AsyncConnection, since: datetime, until: datetime, tenants: TenantNames
) -> list[Restriction]:
    """Current verdicts that restrict by themselves: about them nobody decided anything."""
    query = (
        select(verdicts.c.verdict)
        .outerjoin(standing_decisions, standing_decisions.c.upload_id == verdicts.c.upload_id)
        .where(
            among(tenants, verdicts.c.tenant),
            verdicts.c.is_current.is_(True),
            verdicts.c.action.in_(_RESTRICTING),
            verdicts.c.label != Label.REJECTED.value,
            verdicts.c.decided_at >= since,
            verdicts.c.decided_at < until,
            standing_decisions.c.upload_id.is_(None),
        )
        .order_by(verdicts.c.decided_at, verdicts.c.verdict_id)
    )
    found = await connection.execute(query)
    return [Restriction(verdict=read_verdict(row.verdict), decision=None) for row in found]
