"""Many open reviews in PostgreSQL at once: one that is recorded, and copies of its rows."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.review import ReviewPlan
from storage.database import writing
from tests.contracts.reviews.desk import PLAN, sql_desk

_SEED = "the-upload-that-is-copied"
_TABLES = ("uploads", "verdicts", "review_jobs")


async def fill(engine: AsyncEngine, jobs: int, plan: ReviewPlan = PLAN) -> None:
    """Open that many reviews; the database knows its tables' sizes then, as it does in service."""
    desk = sql_desk(engine, plan)
    await desk.flag(_SEED)
    seed = (await desk.records.history(_SEED)).jobs[0].job_id
    async with writing(engine) as connection:
        for table in _TABLES:
            await connection.execute(
                text(
                    f"INSERT INTO {table} SELECT made.* FROM {table} AS one, "
                    "generate_series(2, :jobs) AS number, "
                    f"LATERAL jsonb_populate_record(NULL::{table}, "
                    "replace(replace(to_jsonb(one)::text, :seed, 'u' || number), "
                    ":job, md5(number::text)::uuid::text)::jsonb) AS made"
                ),
                {"seed": _SEED, "job": seed, "jobs": jobs},
            )
        await connection.execute(text("ANALYZE"))
