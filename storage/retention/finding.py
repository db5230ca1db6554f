"""Which uploads' parts are due, as queries: each reads along an index, and from a mark on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moderation.retention import Part
from storage.looks.tables import seen_media
from storage.retention.tables import retention_holds, retention_marks
from storage.reviews.tables import known_items, review_jobs, standing_decisions
from storage.tables import uploads


def is_held(ended_before: datetime) -> ColumnElement[bool]:
    """Somebody decides about the upload, did so not as long ago, or measures others by it."""
    upload_id = uploads.c.upload_id
    jobs = exists().where(
        review_jobs.c.upload_id == upload_id,
        or_(review_jobs.c.ended_at.is_(None), review_jobs.c.ended_at >= ended_before),
    )
    stands = exists().where(
        standing_decisions.c.upload_id == upload_id, standing_decisions.c.since >= ended_before
    )
    known = exists().where(known_items.c.upload_id == upload_id)
    return or_(jobs, stands, known)


def columns(ended_before: datetime) -> Select[tuple[object, ...]]:
    return select(
        uploads.c.upload_id,
        uploads.c.concluded_at,
        uploads.c.upload,
        seen_media.c.sha256,
        is_held(ended_before).label("held"),
    ).select_from(uploads.outerjoin(seen_media, seen_media.c.upload_id == uploads.c.upload_id))


async def mark_of(connection: AsyncConnection, tenant: str, part: Part) -> datetime | None:
    found: datetime | None = await connection.scalar(
        select(retention_marks.c.until).where(
            retention_marks.c.tenant == tenant, retention_marks.c.part == part.value
        )
    )
    return found


def after(mark: datetime | None, tenant: str, ended_before: datetime) -> list[ColumnElement[bool]]:
    """Uploads of a tenant whose end lies between the mark and a moment."""
    ended_at = uploads.c.concluded_at
    bounds = [uploads.c.tenant == tenant, ended_at.is_not(None), ended_at < ended_before]
    return bounds if mark is None else [*bounds, ended_at > mark]


async def last_of_batch(
    connection: AsyncConnection, wanted: list[ColumnElement[bool]], limit: int
) -> datetime | None:
    """The end of the last of so many; None where there are not as many."""
    found: datetime | None = await connection.scalar(
        select(uploads.c.concluded_at)
        .where(*wanted)
        .order_by(uploads.c.concluded_at)
        .offset(limit - 1)
        .limit(1)
    )
    return found


def freed(tenant: str, part: Part, ended_before: datetime) -> Select[tuple[object, ...]]:
    """Those that were held and are not any more."""
    return (
        columns(ended_before)
        .join(retention_holds, retention_holds.c.upload_id == uploads.c.upload_id)
        .where(
            retention_holds.c.part == part.value,
            retention_holds.c.tenant == tenant,
            retention_holds.c.ended_at < ended_before,
            ~is_held(ended_before),
        )
        .order_by(retention_holds.c.ended_at)
    )


async def is_needed(
    connection: AsyncConnection, tenant: str, sha256: str, upload_id: str, ended_before: datetime
) -> bool:
    """Whether an upload of the same bytes needs their packs still: it ended later, or is held."""
    others = (
        select(uploads.c.upload_id)
        .join(seen_media, seen_media.c.upload_id == uploads.c.upload_id)
        .where(
            seen_media.c.tenant == tenant,
            seen_media.c.sha256 == sha256,
            seen_media.c.upload_id != upload_id,
            or_(
                uploads.c.concluded_at.is_(None),
                uploads.c.concluded_at >= ended_before,
                is_held(ended_before),
            ),
        )
        .limit(1)
    )
    return await connection.scalar(others) is not None


async def tenants_with_ends(connection: AsyncConnection) -> list[str]:
    """One step along the index for each tenant, not one for each upload."""
    found: list[str] = []
    while True:
        ended = select(func.min(uploads.c.tenant)).where(uploads.c.concluded_at.is_not(None))
        if found:
            ended = ended.where(uploads.c.tenant > found[-1])
        following = await connection.scalar(ended)
        if following is None:
            return found
        found.append(following)
