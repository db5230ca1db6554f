"""Whole days in UTC, as the pages of figures are asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import Query

FIRST_YEAR, LAST_YEAR = 2000, 9998  # a day before and after these can still be told

Day = Annotated[date | None, Query(ge=date(FIRST_YEAR, 1, 1), le=date(LAST_YEAR, 12, 31))]


def days(
    since: date | None, until: date | None, *, now: datetime, usual: timedelta
) -> tuple[date, date]:
    """The first and the last day: those asked for, else today and as many before it as usual."""
    last = until or now.astimezone(UTC).date()
    return since or last - usual, last


def within(first: date, last: date) -> tuple[datetime, datetime]:
    """When those days begin, and when the last one is over."""
    return _midnight(first), _midnight(last) + timedelta(days=1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
