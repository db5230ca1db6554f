"""Searches uploads in SQLite or PostgreSQL.

Verdicts are named along one index (`storage.search.runs`), and the rest is looked up for those.
Where that has to pass verdicts over, it stops after MOST_READ and says where it is, so that no
question takes longer than reading that many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, literal, select, true
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from moderation.people import Tenants
from moderation.provenance import ProvenanceState
from moderation.upload import Lane
from moderation.verdict import Action, Label
from storage.database import reading
from storage.search.counting import counts_query, over_time_query
from storage.search.narrowing import decided_by, rest_of, standing, under_review
from storage.search.ports import (
    MOST_COUNTED,
    MOST_READ,
    Counted,
    Counts,
    Found,
    Place,
    Results,
    Span,
    Wanted,
)
from storage.search.runs import Condition, Way, candidates, in_order, runs_along, way_for
from storage.search.variants import hashes, versions
from storage.tables import uploads, verdicts

# How many verdicts are looked at in one query: for few, a database reads them one by one.
AT_ONCE = 2_000
_FILE_NAME = (
    select(uploads.c.upload["file_name"].as_string())
    .where(uploads.c.upload_id == verdicts.c.upload_id)
    .correlate(verdicts)
    .scalar_subquery()
)


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
        found: list[Found] = []
        further = start
        async with reading(self._engine) as connection:
            way = await _way(connection, which, names)
            for _ in range(MOST_READ // AT_ONCE):
                left = limit - len(found)
                some, further = await _look(connection, way, which, names, further, limit=left)
                found += some
                if further is None or len(found) == limit:
                    break
        newer = start is not None and start.newer
        return Results(
            found=tuple(reversed(found) if newer else found),
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
            counted = await connection.execute(
                _counts_query(way, which, names, connection.dialect.name)
            )
            by_label = {Label(row.label): row.uploads for row in counted}
            last = _last(way, which, names, None, after=MOST_COUNTED)
            is_whole = await _place(connection, last) is None
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


async def _look(
    connection: AsyncConnection,
    way: Way,
    which: Wanted,
    names: Sequence[str] | None,
    start: Place | None,
    *,
    limit: int,
) -> tuple[list[Found], Place | None]:
    """What is found among the next AT_ONCE, and where to look next."""
    if not way.each:
        return [], None
    runs, alone = runs_along(way, names)
    rest = list(rest_of(which, way, None if alone else names))
    # One verdict more than fits, to know whether there is one.
    near = candidates(way, runs, which, start, most=AT_ONCE if rest else limit + 1)
    newer = start is not None and start.newer
    query = _looked_up(near, _columns(which), rest, connection.dialect.name)
    rows = await connection.execute(in_order(query, newer=newer).limit(limit + 1))
    found = [_found(row) for row in rows]
    if len(found) > limit:
        return found[:limit], found[limit - 1].place
    if not rest:
        return found, None
    last = await _place(connection, _last(way, which, names, start, after=AT_ONCE))
    return found, last and replace(last, newer=newer)


def _columns(which: Wanted) -> list[ColumnElement[Any]]:
    return [
        verdicts.c.upload_id,
        verdicts.c.tenant,
        verdicts.c.lane,
        _FILE_NAME.label("file_name"),
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
        standing(which).label("standing"),
        decided_by(which).label("decided_by"),
        (under_review(which) if which.unscored else literal(value=False)).label("is_hidden"),
    ]


def _looked_up(
    candidates: Select[Any],
    columns: Sequence[ColumnElement[Any]],
    rest: Sequence[Condition],
    dialect: str,
) -> Select[Any]:
    """Those of the candidates that the rest is true of, with columns of each."""
    near = candidates.subquery("near")
    here = verdicts.c.verdict_id == near.c.verdict_id
    if dialect == "sqlite":
        joined = near.join(verdicts, here)
        found = select(near.c.decided_at, near.c.verdict_id, *columns).select_from(joined)
        return found.where(*rest)
    # One by one: PostgreSQL might rather read all of a label than look two thousand up.
    one = select(*columns).select_from(verdicts).where(here, *rest)
    beside = one.limit(1).lateral("beside")
    joined = near.join(beside, true())
    return select(near.c.decided_at, near.c.verdict_id, *beside.c).select_from(joined)


def _last(
    way: Way, which: Wanted, names: Sequence[str] | None, start: Place | None, *, after: int
) -> Select[Any]:
    """The last of so many candidates; none where there are fewer."""
    runs, _ = runs_along(way, names)
    return candidates(way, runs, which, start, most=after).limit(1).offset(after - 1)


def _counts_query(
    way: Way, which: Wanted, names: Sequence[str] | None, dialect: str
) -> Select[Any]:
    runs, alone = runs_along(way, names)
    near = candidates(way, runs, which, None, most=MOST_COUNTED)
    rest = list(rest_of(which, way, None if alone else names))
    if which.unscored:
        rest.append(~under_review(which))
    found = _looked_up(near, [verdicts.c.label], rest, dialect).subquery()
    return select(found.c.label, func.count().label("uploads")).group_by(found.c.label)


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


def _found(row: Row[Any]) -> Found:
    reasons = [row.rejection_reason] if row.rejection_reason else list(row.reasons)
    found = Found(
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
    return found.unscored() if row.is_hidden else found
