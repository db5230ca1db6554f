"""Opens reviews of what stands already, in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from moderation.appeals import appeal, check_appeal, reopening
from moderation.decisions import Decision
from moderation.errors import NothingToAppeal, UnknownUpload
from moderation.review import ReviewJob, ReviewPlan
from moderation.verdict import Verdict
from storage.database import now_utc, writing
from storage.reviews.ports import TenantNames
from storage.reviews.rows import read_job, write_jobs
from storage.reviews.settlement import standing_of
from storage.reviews.tables import review_jobs
from storage.rows import read_verdict
from storage.tables import uploads, verdicts
from storage.tenancy import among


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """What is known of an upload while nobody else may change it; its jobs among it."""

    connection: AsyncConnection
    verdict: Verdict | None
    decision: Decision | None
    jobs: list[ReviewJob]


class SqlAppeals:
    """Implements `storage.reviews.ports.Appeals`."""

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

    async def appeal(self, upload_id: str, text: str, tenants: TenantNames = None) -> ReviewJob:
        check_appeal(text)
        async with self._alone(upload_id, tenants) as found:
            if found.verdict is None:
                raise NothingToAppeal("there is no verdict yet")
            job = appeal(found.verdict, found.decision, found.jobs, text, self._plan, self._clock())
            return await _written(found, job)

    async def reopen(self, upload_id: str, tenants: TenantNames = None) -> ReviewJob:
        async with self._alone(upload_id, tenants) as found:
            job = reopening(found.decision, found.jobs, self._plan, self._clock())
            return await _written(found, job)

    @asynccontextmanager
    async def _alone(self, upload_id: str, tenants: TenantNames) -> AsyncIterator[_Standing]:
        """Read all about an upload, which is neither erased nor concluded before the block ends."""
        async with writing(self._engine) as connection:
            held = await connection.scalar(
                select(uploads.c.upload_id)
                .where(uploads.c.upload_id == upload_id, among(tenants, uploads.c.tenant))
                .with_for_update()
            )
            if held is None:
                raise UnknownUpload(f"no upload {upload_id} is in the ledger")
            yield _Standing(
                connection=connection,
                verdict=await _current(connection, upload_id),
                decision=await standing_of(connection, upload_id),
                jobs=await _jobs(connection, upload_id),
            )


async def _written(found: _Standing, job: ReviewJob) -> ReviewJob:
    if job not in found.jobs:
        await write_jobs(found.connection, job)
    return job


async def _current(connection: AsyncConnection, upload_id: str) -> Verdict | None:
    kept = await connection.scalar(
        select(verdicts.c.verdict).where(
            verdicts.c.upload_id == upload_id, verdicts.c.is_current.is_(True)
        )
    )
    return None if kept is None else read_verdict(kept)


async def _jobs(connection: AsyncConnection, upload_id: str) -> list[ReviewJob]:
    found = await connection.execute(
        select(review_jobs).where(review_jobs.c.upload_id == upload_id)
    )
    return [read_job(row) for row in found]
