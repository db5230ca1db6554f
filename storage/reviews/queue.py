"""The review queue in SQLite or PostgreSQL: each job to one person at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.decisions import DecisionKind, check_text
from moderation.errors import NotHeld
from moderation.review import FOR_OTHERS, JobState, ReviewJob, ReviewPlan
from storage.database import now_utc, writing
from storage.reviews.ports import TenantNames
from storage.reviews.rows import locked_job, read_job
from storage.reviews.tables import decisions, review_jobs, review_skips
from storage.rows import insert
from storage.tenancy import among

_JOBS = review_jobs.c
LONGEST_SKIP = 500


class SqlReviewQueue:
    """Implements `storage.reviews.ports.ReviewQueue`."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        plan: ReviewPlan | None = None,
        clock: Callable[[], datetime] = now_utc,
    ) -> None:
        self._engine = engine
        self._plan = plan or ReviewPlan()
        self._clock = clock

    async def next(
        self,
        moderator: str,
        *,
        queue: str | None = None,
        tenants: TenantNames = None,
        lead: bool = False,
    ) -> ReviewJob | None:
        now = self._clock()
        seen = among(tenants, _JOBS.tenant)
        held = oldest(seen, _JOBS.locked_by == moderator, _JOBS.locked_until > now)
        narrowed = [seen] if queue is None else [seen, _JOBS.queue == queue]
        free = oldest(*narrowed, *_is_free_for(moderator, now, lead=lead))
        async with writing(self._engine) as connection:
            for job_id in (held, free):
                locked = await connection.execute(
                    update(review_jobs)
                    .where(_JOBS.job_id == job_id.scalar_subquery())
                    .values(locked_by=moderator, locked_until=now + self._plan.lock)
                    .returning(review_jobs)
                )
                row = locked.one_or_none()
                if row is not None:
                    return read_job(row)
        return None

    async def renew(self, job_id: str, moderator: str) -> ReviewJob:
        now = self._clock()
        async with writing(self._engine) as connection:
            _held(await locked_job(connection, job_id), moderator, now)
            renewed = await connection.execute(
                update(review_jobs)
                .where(_JOBS.job_id == job_id)
                .values(locked_until=now + self._plan.lock)
                .returning(review_jobs)
            )
            return read_job(renewed.one())

    async def release(self, job_id: str, moderator: str, *, skipping: str | None = None) -> None:
        """See `storage.reviews.ports.ReviewQueue`.

        Raises:
            ValueError: the reason is empty or over 500 characters, or cannot be kept.
        """
        now = self._clock()
        state = {} if skipping is None else {"state": JobState.SKIPPED.value}
        if skipping is not None:
            check_skip(skipping)
        async with writing(self._engine) as connection:
            _held(await locked_job(connection, job_id), moderator, now)
            await connection.execute(
                update(review_jobs)
                .where(_JOBS.job_id == job_id)
                .values(locked_by=None, locked_until=None, **state)
            )
            if skipping is not None:
                await connection.execute(
                    insert(connection, review_skips)
                    .values(job_id=job_id, moderator=moderator, reason=skipping, skipped_at=now)
                    .on_conflict_do_nothing()
                )


def oldest(*which: ColumnElement[bool]) -> Select[tuple[str]]:
    """The id of the open job that is to be given out first, of those that are meant.

    Jobs that another transaction is locking are passed over instead of waited for.
    """
    return (
        select(_JOBS.job_id)
        .where(_JOBS.ended_at.is_(None), *which)
        .order_by(_JOBS.deadline_at, _JOBS.job_id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def check_skip(reason: str) -> None:
    """Raises: ValueError."""
    if not reason.strip():
        raise ValueError("a job is skipped for a reason")
    check_text(reason, longest=LONGEST_SKIP)


def _held(job: ReviewJob, moderator: str, now: datetime) -> None:
    if not job.is_held_by(moderator, now):
        raise NotHeld


def _is_free_for(moderator: str, now: datetime, *, lead: bool) -> list[ColumnElement[bool]]:
    skipped = exists().where(
        review_skips.c.job_id == _JOBS.job_id, review_skips.c.moderator == moderator
    )
    decided_before = exists().where(
        decisions.c.upload_id == _JOBS.upload_id,
        decisions.c.moderator == moderator,
        decisions.c.kind != DecisionKind.UNDO.value,
    )
    # An appeal may be about what they decided about another upload, which looks like this one.
    decided_about = exists().where(
        decisions.c.decision_id == _JOBS.about, decisions.c.moderator == moderator
    )
    for_anybody = _JOBS.kind.not_in([kind.value for kind in FOR_OTHERS])
    free: list[ColumnElement[bool]] = [
        or_(_JOBS.locked_until.is_(None), _JOBS.locked_until <= now),
        ~skipped,
        or_(for_anybody, ~decided_before & ~decided_about),
    ]
    return free if lead else [*free, _JOBS.escalated.is_(False)]
