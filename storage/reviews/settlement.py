"""Lets decisions take effect in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from moderation.decisions import Decision
from moderation.review import JobKind, JobState, ReviewJob
from storage.database import now_utc, reading, writing
from storage.outbox import write_messages
from storage.ports import OutboundMessage
from storage.reviews.ports import DueDecision
from storage.reviews.rows import read_decision, read_job, read_link, write_jobs
from storage.reviews.tables import (
    decisions,
    review_jobs,
    standing_decisions,
    unsettled_decisions,
)
from storage.rows import insert
from storage.search.terms import write_decision
from storage.tables import uploads


class SqlSettlement:
    """Implements `storage.reviews.ports.Settlement`."""

    def __init__(self, engine: AsyncEngine, *, clock: Callable[[], datetime] = now_utc) -> None:
        self._engine = engine
        self._clock = clock

    async def due(self, now: datetime, *, limit: int) -> list[DueDecision]:
        async with reading(self._engine) as connection:
            found = await connection.execute(
                select(decisions)
                .join(
                    unsettled_decisions,
                    unsettled_decisions.c.decision_id == decisions.c.decision_id,
                )
                .where(unsettled_decisions.c.effective_at <= now)
                .order_by(unsettled_decisions.c.effective_at, unsettled_decisions.c.decision_id)
                .limit(limit)
            )
            links = [read_link(row) for row in found]
            jobs = await _jobs(connection, [one.decision.job_id for one in links])
            abouts = await _decisions(
                connection, [one.decision.about for one in links if one.decision.about]
            )
        return [
            DueDecision(
                link=one,
                job=jobs.get(one.decision.job_id),
                about=abouts.get(one.decision.about or ""),
            )
            for one in links
        ]

    async def settle(
        self,
        decision: Decision,
        *,
        publish: Sequence[OutboundMessage],
        opens: Sequence[ReviewJob],
    ) -> bool:
        async with writing(self._engine) as connection:
            is_kept = await _hold_upload(connection, decision.upload_id)
            taken = await connection.execute(
                delete(unsettled_decisions).where(
                    unsettled_decisions.c.decision_id == decision.decision_id
                )
            )
            if not taken.rowcount:
                return False
            if is_kept:
                await _let_stand(connection, decision)
                for job in opens:
                    await write_jobs(connection, job)
            await write_messages(connection, publish, at=self._clock())
        return True

    async def lapse(self, now: datetime) -> int:
        columns = review_jobs.c
        async with writing(self._engine) as connection:
            closed = await connection.execute(
                update(review_jobs)
                .where(
                    columns.kind == JobKind.KNOWN_ITEM.value,
                    columns.ended_at.is_(None),
                    columns.deadline_at <= now,
                    or_(columns.locked_until.is_(None), columns.locked_until <= now),
                )
                .values(
                    state=JobState.CLOSED.value, locked_by=None, locked_until=None, ended_at=now
                )
            )
        return closed.rowcount


async def standing_of(connection: AsyncConnection, upload_id: str) -> Decision | None:
    found = await connection.execute(
        select(decisions)
        .join(standing_decisions, standing_decisions.c.decision_id == decisions.c.decision_id)
        .where(standing_decisions.c.upload_id == upload_id)
    )
    row = found.one_or_none()
    return None if row is None else read_decision(row)


async def _hold_upload(connection: AsyncConnection, upload_id: str) -> bool:
    """Keep an upload's row from being erased; False when there is none any more."""
    found = await connection.scalar(
        select(uploads.c.upload_id)
        .where(uploads.c.upload_id == upload_id)
        .with_for_update(read=True, key_share=True)
    )
    return found is not None


async def _let_stand(connection: AsyncConnection, decision: Decision) -> None:
    if not decision.is_told or decision.action is None:
        return
    row = {
        "upload_id": decision.upload_id,
        "tenant": decision.tenant,
        "decision_id": decision.decision_id,
        "kind": decision.kind,
        "action": decision.action,
        "since": decision.effective_at,
    }
    await connection.execute(
        insert(connection, standing_decisions)
        .values(row)
        .on_conflict_do_update(index_elements=[standing_decisions.c.upload_id], set_=row)
    )
    await write_decision(connection, decision.upload_id, decision.action)


async def _jobs(connection: AsyncConnection, job_ids: Sequence[str]) -> dict[str, ReviewJob]:
    found = await connection.execute(select(review_jobs).where(review_jobs.c.job_id.in_(job_ids)))
    return {row.job_id: read_job(row) for row in found}


async def _decisions(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, Decision]:
    found = await connection.execute(select(decisions).where(decisions.c.decision_id.in_(ids)))
    return {row.decision_id: read_decision(row) for row in found}
