"""Searches uploads in SQLite or PostgreSQL.

Everything is read along an index in the order of time, so that a page costs as much as it has
rows; the conditions that no index holds (score, reason, lane, decision) pass rows over on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    String,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.people import Tenants
from moderation.review import VEILED
from moderation.upload import Lane
from moderation.verdict import Action, Label
from storage.columns import UtcTime
from storage.database import reading
from storage.reviews.tables import review_jobs, standing_decisions
from storage.search.ports import MOST_COUNTED, Decided, Found, Place, Wanted
from storage.tables import uploads, verdicts
from storage.tenancy import seen_by

_JOINED = verdicts.join(uploads, uploads.c.upload_id == verdicts.c.upload_id).outerjoin(
    standing_decisions, standing_decisions.c.upload_id == verdicts.c.upload_id
)


class SqlUploadSearch:
    """Implements `storage.search.ports.UploadSearch`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def find(
        self, which: Wanted, tenants: Tenants, *, after: Place | None = None, limit: int
    ) -> list[Found]:
        query = found_query(which, tenants, after=after, limit=limit, dialect=self._dialect)
        async with reading(self._engine) as connection:
            return [_found(row) for row in await connection.execute(query)]

    async def counts(self, which: Wanted, tenants: Tenants) -> Mapping[Label, int]:
        narrowed = _newest_first(select(verdicts.c.label).select_from(_JOINED))
        newest = (
            narrowed.where(*_conditions(which, tenants, self._dialect))
            .limit(MOST_COUNTED + 1)
            .subquery()
        )
        query = select(newest.c.label, func.count().label("uploads")).group_by(newest.c.label)
        async with reading(self._engine) as connection:
            counted = await connection.execute(query)
            return {Label(row.label): row.uploads for row in counted}

    @property
    def _dialect(self) -> str:
        return self._engine.dialect.name


def found_query(
    which: Wanted, tenants: Tenants, *, after: Place | None, limit: int, dialect: str
) -> Select[Any]:
    """What `find` asks the database."""
    query = _newest_first(
        select(
            verdicts.c.upload_id,
            verdicts.c.tenant,
            uploads.c.lane,
            uploads.c.upload["file_name"].as_string().label("file_name"),
            verdicts.c.verdict_id,
            verdicts.c.label,
            verdicts.c.action,
            verdicts.c.fake_probability,
            verdicts.c.rejection_reason,
            verdicts.c.verdict["reasons"].label("reasons"),
            verdicts.c.decided_at,
            _standing(which).label("standing"),
        ).select_from(_JOINED)
    ).where(*_conditions(which, tenants, dialect))
    if after is not None:
        place = tuple_(literal(after.decided_at, UtcTime), literal(after.verdict_id, String))
        query = query.where(tuple_(verdicts.c.decided_at, verdicts.c.verdict_id) < place)
    return query.limit(limit)


def _newest_first(query: Select[Any]) -> Select[Any]:
    return query.order_by(verdicts.c.decided_at.desc(), verdicts.c.verdict_id.desc())


def _conditions(which: Wanted, tenants: Tenants, dialect: str) -> Iterator[ColumnElement[bool]]:
    column = verdicts.c
    yield column.is_current.is_(True)
    yield seen_by(tenants, column.tenant)
    if which.tenant is not None:
        yield column.tenant == which.tenant
    if len(which.labels) == 1:  # an index in order of time helps for one, not for some of them
        yield column.label == which.labels[0].value
    elif which.labels:
        yield column.label.in_([label.value for label in which.labels])
    if which.at_least is not None:
        yield column.fake_probability >= which.at_least
    if which.at_most is not None:
        yield column.fake_probability <= which.at_most
    if which.since is not None:
        yield column.decided_at >= which.since
    if which.until is not None:
        yield column.decided_at < which.until
    if which.upload_id is not None:
        yield column.upload_id == which.upload_id
    if which.lane is not None:
        yield uploads.c.lane == which.lane.value
    if which.reason is not None:
        yield or_(column.rejection_reason == which.reason, _has_reason(which.reason, dialect))
    if which.decided is Decided.NOTHING:
        yield _standing(which).is_(None)
    elif which.decided is not None:
        yield _standing(which) == which.decided.value


def _standing(which: Wanted) -> ColumnElement[str | None]:
    """What a decision asks for; nothing where it is not to be told of."""
    action = standing_decisions.c.action
    if not which.unbiased:
        return action
    jobs = review_jobs.c
    open_review = exists(
        select(1).where(
            jobs.upload_id == verdicts.c.upload_id,
            jobs.ended_at.is_(None),
            or_(jobs.blind.is_(True), jobs.kind.in_(sorted(VEILED))),
        )
    )
    return case((open_review, None), else_=action)


def _has_reason(reason: str, dialect: str) -> ColumnElement[bool]:
    if dialect == "postgresql":
        return cast(verdicts.c.verdict["reasons"], JSONB).contains([reason])
    each = func.json_each(verdicts.c.verdict, "$.reasons").table_valued("value")
    return exists(select(1).select_from(each).where(each.c.value == reason))


def _found(row: Row[Any]) -> Found:
    reasons = [row.rejection_reason] if row.rejection_reason else list(row.reasons)
    return Found(
        upload_id=row.upload_id,
        tenant=row.tenant,
        lane=Lane(row.lane),
        file_name=row.file_name,
        verdict_id=row.verdict_id,
        label=Label(row.label),
        action=Action(row.action),
        fake_probability=row.fake_probability,
        reasons=tuple(reasons),
        decided_at=row.decided_at,
        standing=Action(row.standing) if row.standing else None,
    )
