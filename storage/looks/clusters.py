"""Clusters in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from moderation.clusters import review_in_cluster
from moderation.errors import UnknownUpload, VerdictChanged
from moderation.review import ReviewJob, ReviewPlan
from moderation.verdict import Action, Label, Verdict
from storage.database import now_utc, reading, writing
from storage.looks.cluster_ports import Member
from storage.looks.database import SqlLooks
from storage.looks.ports import LookAlikes
from storage.looks.tables import seen_media
from storage.reviews.rows import read_job, write_jobs
from storage.reviews.settlement import standing_of
from storage.reviews.tables import decisions, review_jobs, standing_decisions
from storage.rows import read_verdict
from storage.tables import uploads, verdicts


class SqlClusters:
    """Implements `storage.looks.cluster_ports.Clusters`."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        plan: ReviewPlan | None = None,
        clock: Callable[[], datetime] = now_utc,
    ) -> None:
        self._engine = engine
        self._looks = SqlLooks(engine)
        self._plan = plan or ReviewPlan()
        self._clock = clock

    async def members(self, upload_id: str, tenant: str, *, limit: int) -> list[Member]:
        async with reading(self._engine) as connection:
            sha256 = await connection.scalar(
                select(seen_media.c.sha256).where(
                    seen_media.c.upload_id == upload_id, seen_media.c.tenant == tenant
                )
            )
        if sha256 is None:
            return []
        distances = await distances_around(self._looks, upload_id, tenant, sha256, limit)
        async with reading(self._engine) as connection:
            asked = _MEMBERS.where(uploads.c.upload_id.in_(list(distances)))
            found = [_member(row, distances) for row in await connection.execute(asked)]
        order = list(distances)
        return sorted(found, key=lambda member: order.index(member.upload_id))

    async def hold(
        self, upload_id: str, verdict_id: str, moderator: str, *, token: str
    ) -> ReviewJob:
        async with writing(self._engine) as connection:
            verdict = await _locked(connection, upload_id)
            before = await _decided_by(connection, moderator, token)
            if before is not None:
                return before
            if verdict.verdict_id != verdict_id:
                raise VerdictChanged
            found = await connection.execute(
                select(review_jobs).where(review_jobs.c.upload_id == upload_id).with_for_update()
            )
            job = review_in_cluster(
                verdict,
                [read_job(row) for row in found],
                await standing_of(connection, upload_id),
                moderator=moderator,
                token=token,
                plan=self._plan,
                now=self._clock(),
            )
            await write_jobs(connection, job)
        return job


async def distances_around(
    looks: LookAlikes, upload_id: str, tenant: str, sha256: str, limit: int
) -> dict[str, int | None]:
    """Uploads and how far they are: itself, then the same bytes, then the closest."""
    same = await looks.same_bytes(tenant, sha256, limit=limit)
    distances: dict[str, int | None] = dict.fromkeys([upload_id, *same])
    closest: dict[str, int] = {}
    for look in await looks.looks_of(upload_id):
        for alike in await looks.alike(tenant, look, limit=limit):
            known = closest.get(alike.upload_id, alike.distance)
            closest[alike.upload_id] = min(known, alike.distance)
    for other, distance in sorted(closest.items(), key=lambda one: (one[1], one[0])):
        distances.setdefault(other, distance)
    return dict(list(distances.items())[:limit])


_MEMBERS = (
    select(
        uploads.c.upload_id,
        uploads.c.tenant,
        uploads.c.upload,
        verdicts.c.verdict_id,
        verdicts.c.label,
        verdicts.c.action,
        verdicts.c.fake_probability,
        verdicts.c.decided_at,
        standing_decisions.c.action.label("standing"),
    )
    .join(verdicts, verdicts.c.upload_id == uploads.c.upload_id)
    .outerjoin(standing_decisions, standing_decisions.c.upload_id == uploads.c.upload_id)
    .where(verdicts.c.is_current.is_(True))
)


def _member(row: Any, distances: Mapping[str, int | None]) -> Member:
    return Member(
        upload_id=row.upload_id,
        tenant=row.tenant,
        file_name=row.upload.get("file_name"),
        verdict_id=row.verdict_id,
        label=Label(row.label),
        action=Action(row.action),
        fake_probability=row.fake_probability,
        decided_at=row.decided_at,
        distance=distances[row.upload_id],
        standing=Action(row.standing) if row.standing else None,
    )


async def _locked(connection: AsyncConnection, upload_id: str) -> Verdict:
    """The current verdict of an upload, whose row nobody else changes meanwhile."""
    await connection.execute(
        select(uploads.c.upload_id).where(uploads.c.upload_id == upload_id).with_for_update()
    )
    kept = await connection.scalar(
        select(verdicts.c.verdict).where(
            verdicts.c.upload_id == upload_id, verdicts.c.is_current.is_(True)
        )
    )
    if kept is None:
        raise UnknownUpload(f"no upload {upload_id} with a verdict is in the ledger")
    return read_verdict(kept)


async def _decided_by(connection: AsyncConnection, moderator: str, token: str) -> ReviewJob | None:
    found = await connection.execute(
        select(review_jobs)
        .join(decisions, decisions.c.job_id == review_jobs.c.job_id)
        .where(decisions.c.moderator == moderator, decisions.c.token == token)
    )
    row = found.one_or_none()
    return None if row is None else read_job(row)
