"""Opens, renews and closes the jobs of an upload, in the transaction that records its verdict."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from moderation.known_items import draws_known_item, known_item_beside
from moderation.review import ReviewJob, ReviewPlan, jobs_after
from moderation.verdict import Verdict
from storage.reviews.rows import read_job, read_known, write_job
from storage.reviews.tables import known_items, review_jobs


async def open_for(
    connection: AsyncConnection, verdict: Verdict, plan: ReviewPlan, now: datetime
) -> None:
    """Do what a new current verdict asks for; see `moderation.review.jobs_after`."""
    # Jobs are about verdicts: the first one finds none, and need not ask.
    existing = await _jobs(connection, verdict.upload_id) if verdict.supersedes else []
    for job in jobs_after(verdict, existing, plan, now):
        await write_job(connection, job)
        is_new = all(job.job_id != known.job_id for known in existing)
        if is_new and draws_known_item(job, plan):
            await _mix_in(connection, job)


async def _jobs(connection: AsyncConnection, upload_id: str) -> list[ReviewJob]:
    found = await connection.execute(
        select(review_jobs).where(review_jobs.c.upload_id == upload_id).with_for_update()
    )
    return [read_job(row) for row in found]


async def _mix_in(connection: AsyncConnection, job: ReviewJob) -> None:
    found = await connection.execute(
        select(known_items)
        .where(known_items.c.tenant == job.tenant)
        .order_by(known_items.c.upload_id)
    )
    beside = known_item_beside(job, [read_known(row) for row in found])
    if beside is not None:
        await write_job(connection, beside)
