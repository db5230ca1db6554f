"""Searches uploads in SQLite or PostgreSQL.

Verdicts are named along one index (`storage.search.runs`), and the rest is looked up for those.
Where that has to pass verdicts over, it stops after MOST_READ and says where it is, so that no
question takes longer than reading that many.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from moderation.people import Tenants
from moderation.provenance import ProvenanceState
from moderation.review import VEILED
from moderation.upload import Lane
from moderation.verdict import Action, Label
from storage.database import reading
from storage.reviews.tables import decisions, review_jobs, standing_decisions
from storage.search.counting import counts_query, over_time_query
from storage.search.ports import (
    MOST_READ,
    Counted,
    Counts,
    Decided,
    Found,
    Place,
    Results,
    Span,
    Wanted,
)
from storage.search.runs import Condition, Way, candidates, in_order, runs_along, scored, way_for
from storage.search.tables import verdict_terms
from storage.search.terms import Kind
from storage.search.variants import hashes, versions
from storage.tables import uploads, verdicts


class SqlUploadSearch:
    """Implements `storage.search.ports.UploadSearch`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def find(
        self, which: Wanted, tenants: Tenants, *, start: Place | None = None, limit: int
    ) -> Results:
        names = _names(which, tenants)
        if names == []:
            return Results(found=(), further=None)
        async with reading(self._engine) as connection:
            way = await _way(connection, which, names)
            if not way.each:
                return Results(found=(), further=None)
            asked = found_query(way, which, names, start=start, limit=limit)
            found = [_found(row) for row in await connection.execute(asked)]
            if len(found) > limit:
                further: Place | None = found[limit - 1].place
            else:
                last = last_query(way, which, names, start=start)
                further = None if last is None else await _place(connection, last)
        newer = start is not None and start.newer
        shown = found[:limit]
        return Results(
            found=tuple(reversed(shown) if newer else shown),
            further=further and replace(further, newer=newer),
        )

    async def counts(self, which: Wanted, tenants: Tenants) -> Counts:
        names = _names(which, tenants)
        if names == []:
            return Counts(by_label={}, is_whole=True)
        async with reading(self._engine) as connection:
            summed = counts_query(which, names)
            if summed is not None:
                counted = await connection.execute(summed)
                whole = {Label(row.label): row.uploads for row in counted if row.uploads}
                return Counts(by_label=whole, is_whole=True)
            way = await _way(connection, which, names)
            if not way.each:
                return Counts(by_label={}, is_whole=True)
            counted = await connection.execute(_counts_query(way, which, names))
            by_label = {Label(row.label): row.uploads for row in counted}
            last = last_query(way, which, names, start=None, every=True)
            is_whole = last is None or await _place(connection, last) is None
        return Counts(by_label=by_label, is_whole=is_whole)

    async def over_time(self, which: Wanted, tenants: Tenants, *, per: Span) -> list[Counted]:
        names = _names(which, tenants)
        if names == []:
            return []
        async with reading(self._engine) as connection:
            found = await connection.execute(over_time_query(which, names, per))
            return [
                Counted(start=row.start, label=Label(row.label), uploads=row.uploads)
                for row in found
                if row.uploads
            ]


def found_query(
    way: Way, which: Wanted, names: Sequence[str] | None, *, start: Place | None, limit: int
) -> Select[Any]:
    """What `find` asks the database: one verdict more than fits, to know whether there is one."""
    runs, alone = runs_along(way, names)
    rest = list(_rest(which, way, None if alone else names))
    most = MOST_READ if rest else limit + 1
    near = candidates(way, runs, which, start, most=most).subquery("near")
    found = select(
        near.c.decided_at,
        near.c.verdict_id,
        verdicts.c.upload_id,
        verdicts.c.tenant,
        verdicts.c.lane,
        uploads.c.upload["file_name"].as_string().label("file_name"),
        verdicts.c.label,
        verdicts.c.action,
        verdicts.c.fake_probability,
        verdicts.c.rejection_reason,
        verdicts.c.verdict["reasons"].label("reasons"),
        verdicts.c.model_name,
        verdicts.c.model_version,
        verdicts.c.policy_name,
        verdicts.c.provenance_state,
        verdicts.c.verdict["provenance"]["generator_marks"].label("marks"),
        _standing(which).label("standing"),
        _told(which, _OF_STANDING.with_only_columns(decisions.c.moderator)).label("decided_by"),
    ).select_from(
        near.join(verdicts, verdicts.c.verdict_id == near.c.verdict_id).join(
            uploads, uploads.c.upload_id == verdicts.c.upload_id
        )
    )
    return in_order(found.where(*rest), newer=start is not None and start.newer).limit(limit + 1)


def last_query(
    way: Way,
    which: Wanted,
    names: Sequence[str] | None,
    *,
    start: Place | None,
    every: bool = False,
) -> Select[Any] | None:
    """Which verdict was looked at last because no more are; None where all could be looked at."""
    runs, alone = runs_along(way, names)
    if not every and not list(_rest(which, way, None if alone else names)):
        return None
    near = candidates(way, runs, which, start, most=MOST_READ)
    return near.limit(1).offset(MOST_READ - 1)


def _counts_query(way: Way, which: Wanted, names: Sequence[str] | None) -> Select[Any]:
    runs, alone = runs_along(way, names)
    near = candidates(way, runs, which, None, most=MOST_READ).subquery("near")
    return (
        select(verdicts.c.label, func.count().label("uploads"))
        .select_from(near.join(verdicts, verdicts.c.verdict_id == near.c.verdict_id))
        .where(*_rest(which, way, None if alone else names))
        .group_by(verdicts.c.label)
    )


def _names(which: Wanted, tenants: Tenants) -> list[str] | None:
    """The tenants whose uploads may be found; None for every one."""
    if which.tenant is not None:
        return [which.tenant] if which.tenant in tenants else []
    return None if tenants.every else sorted(tenants.names)


async def _way(connection: AsyncConnection, which: Wanted, names: Sequence[str] | None) -> Way:
    way = way_for(which)
    if way.heeds in ("label", "lane", "time"):
        models = await versions(connection, which, names) if which.model else None
        policies = await hashes(connection, which, names) if which.policy else None
        return way_for(which, models=models, policies=policies)
    return way


async def _place(connection: AsyncConnection, query: Select[Any]) -> Place | None:
    row = (await connection.execute(query)).one_or_none()
    return row and Place(decided_at=row.decided_at, verdict_id=row.verdict_id)


def _rest(which: Wanted, way: Way, names: Sequence[str] | None) -> Iterator[Condition]:
    """What has to be looked for on the way."""
    if names is not None:
        yield verdicts.c.tenant.in_(names)
    for asked, condition in _conditions(which):
        if asked != way.heeds:
            yield condition


def _conditions(which: Wanted) -> Iterator[tuple[str, Condition]]:
    """All that is asked for but the time, each by its name; see `Way.heeds`."""
    column = verdicts.c
    if which.labels:
        yield "label", column.label.in_([label.value for label in which.labels])
    for condition in scored(which):
        yield "score", condition
    if which.lane is not None:
        yield "lane", column.lane == which.lane.value
    if which.reason is not None:
        yield "reason", _has_term(Kind.REASON, which.reason)
    if which.generator is not None:
        yield "generator", _has_term(Kind.GENERATOR, which.generator)
    if which.provenance is not None:
        yield "provenance", column.provenance_state == which.provenance.value
    if which.model is not None:
        yield "model", column.model_name == which.model
    if which.model_version is not None:
        yield "model", column.model_version == which.model_version
    if which.policy is not None:
        yield "policy", column.policy_name == which.policy
    if which.policy_sha256 is not None:
        yield "policy", column.policy_sha256.startswith(which.policy_sha256, autoescape=True)
    if which.decided is Decided.NOTHING:
        yield "decided", _standing(which).is_(None)
    elif which.decided is not None:
        yield "decided", _standing(which) == which.decided.value


def _has_term(kind: Kind, term: str) -> Condition:
    terms = verdict_terms.c
    return exists(
        select(1).where(
            terms.verdict_id == verdicts.c.verdict_id,
            terms.kind == kind.value,
            terms.term == term,
        )
    )


# Asked for each verdict that was found: joined, a database may read all decisions for a few.
_STANDING = select(standing_decisions.c.action).where(
    standing_decisions.c.upload_id == verdicts.c.upload_id
)
_OF_STANDING = _STANDING.join(
    decisions, decisions.c.decision_id == standing_decisions.c.decision_id
)


def _standing(which: Wanted) -> ColumnElement[str | None]:
    """What a decision asks for; nothing where it is not to be told of."""
    return _told(which, _STANDING)


def _told(which: Wanted, asked: Select[Any]) -> ColumnElement[str | None]:
    told = asked.correlate(verdicts).scalar_subquery()
    if not which.unbiased:
        return told
    jobs = review_jobs.c
    open_review = exists(
        select(1).where(
            jobs.upload_id == verdicts.c.upload_id,
            jobs.ended_at.is_(None),
            or_(jobs.blind.is_(True), jobs.kind.in_(sorted(VEILED))),
        )
    )
    return case((open_review, None), else_=told)


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
        decided_by=row.decided_by,
        model=row.model_name,
        model_version=row.model_version,
        policy=row.policy_name,
        provenance=ProvenanceState(row.provenance_state) if row.provenance_state else None,
        generators=tuple(dict.fromkeys(mark["generator"] for mark in row.marks or ())),
    )
