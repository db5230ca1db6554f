"""Many open reviews in PostgreSQL at once: one that is recorded, and copies of its rows."""

from __future__ import annotations

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.review import ReviewPlan
from storage.database import writing
from tests.contracts.reviews.desk import PLAN, sql_desk

_SEED = "the-upload-that-is-copied"
_TABLES = ("uploads", "verdicts", "review_jobs")
_AT_ONCE = 500  # a slow machine ends a statement of all of them


async def fill(engine: AsyncEngine, jobs: int, plan: ReviewPlan = PLAN) -> None:
    """Open that many reviews; the database knows its tables' sizes then, as it does in service."""
    desk = sql_desk(engine, plan)
    await desk.flag(_SEED)
    seed = (await desk.records.history(_SEED)).jobs[0].job_id
    for first in range(2, jobs + 1, _AT_ONCE):
        last = min(first + _AT_ONCE - 1, jobs)
        async with writing(engine) as connection:
            for table in _TABLES:
                await connection.execute(
                    _copies(table), {"seed": _SEED, "job": seed, "first": first, "last": last}
                )
    async with writing(engine) as connection:
        await connection.execute(text("ANALYZE"))


def _copies(table: str) -> TextClause:
    """Rows like that of the seed, with other ids."""
    return text(
        f"INSERT INTO {table} SELECT made.* FROM {table} AS one, "
        "generate_series(CAST(:first AS integer), CAST(:last AS integer)) AS number, "
        f"LATERAL jsonb_populate_record(NULL::{table}, "
        "replace(replace(to_jsonb(one)::text, :seed, 'u' || number), "
        ":job, md5(number::text)::uuid::text)::jsonb) AS made WHERE one.upload_id = :seed"
    )
