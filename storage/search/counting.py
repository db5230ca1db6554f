"""Counts current verdicts by the hour, by the day and ever, in the transaction that changes them.

So what is counted is what is found, however many there are. A sum over an index would be exact as
well, and would read every verdict; ten million take seconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zlib import crc32

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moderation.upload import Lane
from moderation.verdict import Verdict
from storage.rows import INSERTS, Insert
from storage.search.ports import Span, Wanted
from storage.search.tables import verdict_counts
from storage.tables import verdicts

# Transactions that count the same wait for each other until they commit. Each number is the sum
# of so many, and an upload always counts in the same one.
_SLOTS = 4
# Beside hours and days: all of them, so that not every day is read where no time is asked for.
_EVER, _BEGINNING = "ever", datetime(1970, 1, 1, tzinfo=UTC)

Key = tuple[str, str, datetime, str, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _One:
    upload_id: str
    tenant: str
    lane: str
    label: str
    decided_at: datetime

    def keys(self) -> Iterator[Key]:
        slot = crc32(self.upload_id.encode()) % _SLOTS
        for span in Span:
            start = span.start_of(self.decided_at)
            yield span.value, self.tenant, start, self.lane, self.label, slot
        yield _EVER, self.tenant, _BEGINNING, self.lane, self.label, slot


async def count_current(
    connection: AsyncConnection, reached: Sequence[Verdict], lanes: Mapping[str, Lane]
) -> None:
    """Count verdicts that are current now in place of those they supersede.

    `lanes` has that of each upload.
    """
    came = [
        _One(
            upload_id=verdict.upload_id,
            tenant=verdict.tenant,
            lane=lanes[verdict.upload_id].value,
            label=verdict.label.value,
            decided_at=verdict.decided_at,
        )
        for verdict in reached
    ]
    before = [verdict.supersedes for verdict in reached if verdict.supersedes is not None]
    went = await _kept(connection, verdicts.c.verdict_id.in_(before)) if before else []
    await _write(connection, came=came, went=went)


async def uncount(connection: AsyncConnection, upload_id: str) -> None:
    """Count an upload no more; before its verdicts go."""
    current = (verdicts.c.upload_id == upload_id) & verdicts.c.is_current.is_(True)
    await _write(connection, came=(), went=await _kept(connection, current))


def counts_query(which: Wanted, names: Sequence[str] | None) -> Select[tuple[str, int]] | None:
    """How many of each label; None where that is not counted."""
    if not which.is_counted or not all(
        one is None or Span.HOUR.start_of(one) == one for one in (which.since, which.until)
    ):
        return None
    column = verdict_counts.c
    return (
        select(column.label, func.sum(column.verdicts).label("uploads"))
        .where(*_narrowed(which, names), or_(*_ranges(which.since, which.until)))
        .group_by(column.label)
    )


def over_time_query(
    which: Wanted, names: Sequence[str] | None, per: Span
) -> Select[tuple[datetime, str, int]]:
    """How many of each label began in each hour or day that has any."""
    column = verdict_counts.c
    query = select(column.start, column.label, func.sum(column.verdicts).label("uploads"))
    query = query.where(column.span == per.value, *_narrowed(which, names))
    if which.since is not None:
        query = query.where(column.start >= per.start_of(which.since))
    if which.until is not None:
        query = query.where(column.start < which.until)
    return query.group_by(column.start, column.label).order_by(column.start, column.label)


def _narrowed(which: Wanted, names: Sequence[str] | None) -> Iterator[ColumnElement[bool]]:
    column = verdict_counts.c
    if names is not None:
        yield column.tenant.in_(names)
    if which.labels:
        yield column.label.in_([label.value for label in which.labels])
    if which.lane is not None:
        yield column.lane == which.lane.value


def _ranges(since: datetime | None, until: datetime | None) -> Iterator[ColumnElement[bool]]:
    """Whole days by the day, and what is left at both ends by the hour."""
    span, start = verdict_counts.c.span, verdict_counts.c.start
    if since is None and until is None:
        yield span == _EVER
        return
    first = since and Span.DAY.start_of(since + timedelta(days=1) - timedelta(microseconds=1))
    last = until and Span.DAY.start_of(until)
    by_day, by_hour = span == Span.DAY.value, span == Span.HOUR.value
    if first and last and last < first:  # hours of one day
        yield by_hour & (start >= since) & (start < until)
        return
    if first:
        by_day &= start >= first
        yield by_hour & (start >= since) & (start < first)
    if last:
        by_day &= start < last
        yield by_hour & (start >= last) & (start < until)
    yield by_day


async def _kept(connection: AsyncConnection, which: ColumnElement[bool]) -> list[_One]:
    column = verdicts.c
    found = await connection.execute(
        select(column.upload_id, column.tenant, column.lane, column.label, column.decided_at).where(
            which
        )
    )
    return [_One(**row._mapping) for row in found]


async def _write(
    connection: AsyncConnection, *, came: Sequence[_One], went: Sequence[_One]
) -> None:
    changes: Counter[Key] = Counter()
    for one in came:
        changes.update(one.keys())
    for one in went:
        changes.subtract(one.keys())
    # In one order, so that no two transactions wait for each other in turns.
    rows = [
        dict(zip(_COLUMNS, (*key, change), strict=True))
        for key, change in sorted(changes.items())
        if change
    ]
    if not rows:
        return
    await connection.execute(_added(connection.dialect.name), rows)


@cache
def _added(dialect: str) -> Insert:
    written = INSERTS[dialect](verdict_counts)
    total = verdict_counts.c.verdicts + written.excluded.verdicts
    return written.on_conflict_do_update(
        index_elements=list(verdict_counts.primary_key), set_={"verdicts": total}
    )


_COLUMNS = tuple(column.name for column in verdict_counts.c)
