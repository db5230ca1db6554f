"""Opens, renews and closes the jobs of an upload, in the transaction that records its verdict."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from moderation.known_items import draws_known_item, known_item_beside
from moderation.review import ReviewJob, ReviewPlan, jobs_after
from moderation.verdict import Verdict
from storage.reviews.rows import read_job, read_known, write_jobs
from storage.reviews.tables import known_items, review_jobs


async def open_for(
    connection: AsyncConnection, reached: Sequence[Verdict], plan: ReviewPlan, now: datetime
) -> None:
    """Do what new current verdicts ask for; see `moderation.review.jobs_after`."""
    jobs = [job for one in reached for job in await _asked_for(connection, one, plan, now)]
    await write_jobs(connection, *jobs)


async def _asked_for(
    connection: AsyncConnection, verdict: Verdict, plan: ReviewPlan, now: datetime
) -> list[ReviewJob]:
    # Jobs are about verdicts: the first one finds none, and need not ask.
    existing = await _jobs(connection, verdict.upload_id) if verdict.supersedes else []
    known = {job.job_id for job in existing}
    asked_for = list(jobs_after(verdict, existing, plan, now))
    drawn = [job for job in asked_for if job.job_id not in known and draws_known_item(job, plan)]
    beside = [await _known_beside(connection, job) for job in drawn]
    return asked_for + [job for job in beside if job is not None]


async def _jobs(connection: AsyncConnection, upload_id: str) -> list[ReviewJob]:
    found = await connection.execute(
        select(review_jobs).where(review_jobs.c.upload_id == upload_id).with_for_update()
    )
    return [read_job(row) for row in found]


async def _known_beside(connection: AsyncConnection, job: ReviewJob) -> ReviewJob | None:
    found = await connection.execute(
        select(known_items)
        .where(known_items.c.tenant == job.tenant)
        .order_by(known_items.c.upload_id)
    )
    return known_item_beside(job, [read_known(row) for row in found])
