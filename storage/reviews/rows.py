"""How jobs and decisions become rows, and rows the words again."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moderation.decisions import Decision, DecisionKind, Impression, Link
from moderation.errors import UnknownReview
from moderation.known_items import KnownItem
from moderation.review import JobKind, JobState, Lock, ReviewJob
from moderation.verdict import Action
from storage.reviews.tables import review_jobs
from storage.rows import INSERTS, Insert

_JOB = tuple(field.name for field in fields(ReviewJob) if field.name != "lock")
_DECISION = tuple(field.name for field in fields(Decision))
_KNOWN = tuple(field.name for field in fields(KnownItem))


def job_row(job: ReviewJob) -> dict[str, Any]:
    return {
        **{name: getattr(job, name) for name in _JOB},
        "locked_by": job.lock.moderator if job.lock else None,
        "locked_until": job.lock.until if job.lock else None,
    }


def read_job(row: Row[Any]) -> ReviewJob:
    """Raises: ValueError: what was kept is no job any more."""
    kept = {name: getattr(row, name) for name in _JOB}
    lock = Lock(moderator=row.locked_by, until=row.locked_until) if row.locked_by else None
    return ReviewJob(
        **kept
        | {
            "kind": JobKind(row.kind),
            "state": JobState(row.state),
            "action": Action(row.action),
            "lock": lock,
        }
    )


def link_row(one: Link) -> dict[str, Any]:
    decision = one.decision
    return {
        **{name: getattr(decision, name) for name in _DECISION},
        "sequence": one.sequence,
        "previous": one.previous,
        "digest": one.digest,
    }


def read_decision(row: Row[Any]) -> Decision:
    """Raises: ValueError: what was kept is no decision any more."""
    kept = {name: getattr(row, name) for name in _DECISION}
    impression = row.first_impression
    return Decision(
        **kept
        | {
            "kind": DecisionKind(row.kind),
            "job_kind": JobKind(row.job_kind),
            "action": Action(row.action) if row.action else None,
            "first_impression": Impression(impression) if impression else None,
        }
    )


def read_link(row: Row[Any]) -> Link:
    """Raises: as `read_decision`."""
    return Link(
        sequence=row.sequence,
        previous=row.previous,
        digest=row.digest,
        decision=read_decision(row),
    )


def known_row(item: KnownItem) -> dict[str, Any]:
    return {name: getattr(item, name) for name in _KNOWN}


def read_known(row: Row[Any]) -> KnownItem:
    kept = {name: getattr(row, name) for name in _KNOWN}
    changed = {"action": Action(row.action), "expected": DecisionKind(row.expected)}
    return KnownItem(**kept | changed)


async def write_jobs(connection: AsyncConnection, *jobs: ReviewJob) -> None:
    """Write jobs as they are now, whether or not there are rows of them."""
    if jobs:
        rows = [job_row(job) for job in jobs]
        await connection.execute(_written_job(connection.dialect.name), rows)


@cache
def _written_job(dialect: str) -> Insert:
    written = INSERTS[dialect](review_jobs)
    changed = {column.name: column for column in written.excluded if column.name != "job_id"}
    return written.on_conflict_do_update(index_elements=[review_jobs.c.job_id], set_=changed)


async def locked_job(connection: AsyncConnection, job_id: str) -> ReviewJob:
    """Read a job, and let no other transaction change it before this one ends.

    Raises:
        UnknownReview: there is none.
    """
    found = await connection.execute(
        select(review_jobs).where(review_jobs.c.job_id == job_id).with_for_update()
    )
    row = found.one_or_none()
    if row is None:
        raise UnknownReview(f"no review {job_id}")
    return read_job(row)
