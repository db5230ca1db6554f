"""Bars of uploads over time: in which time, how wide, how high."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from console.search.chart import HEIGHT, WIDTH, chart, charted
from moderation.people import Role, Tenants
from moderation.verdict import Label
from storage.search.ports import Counted, Span, Wanted
from tests.unit.console.review import ReviewHouse

NOW = datetime(2026, 3, 10, 15, 30, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MIDNIGHT = datetime(2026, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "since", "until", "per"),
    [
        ({}, MIDNIGHT - 30 * DAY, NOW, Span.DAY),
        ({"since": NOW - 72 * HOUR}, NOW - 72 * HOUR - 30 * 60 * DAY / 86400, NOW, Span.HOUR),
        ({"since": NOW - 73 * HOUR}, MIDNIGHT - 3 * DAY, NOW, Span.DAY),
        ({"until": MIDNIGHT - DAY}, MIDNIGHT - 31 * DAY, MIDNIGHT - DAY, Span.DAY),
        ({"since": NOW - 800 * DAY}, MIDNIGHT - 366 * DAY, NOW, Span.DAY),
        ({"until": NOW + 9 * DAY}, MIDNIGHT - 30 * DAY, NOW, Span.DAY),
    ],
)
def test_bars_stand_for_hours_or_days_of_the_time_that_is_asked_for(
    asked: dict[str, datetime], since: datetime, until: datetime, per: Span
) -> None:
    within, chosen = charted(Wanted(**asked), NOW)
    assert (within.since, within.until, chosen) == (since, until, per)


def test_a_chart_begins_at_the_first_upload_and_its_highest_bar_is_as_high_as_it_is() -> None:
    which = Wanted(since=MIDNIGHT - 9 * DAY, until=MIDNIGHT)
    counted = [
        Counted(start=MIDNIGHT - 4 * DAY, label=Label.CLEAR, uploads=6),
        Counted(start=MIDNIGHT - 4 * DAY, label=Label.FAKE, uploads=2),
        Counted(start=MIDNIGHT - 2 * DAY, label=Label.CLEAR, uploads=4),
    ]

    drawn = chart(counted, which, Span.DAY)

    first, second = drawn.bars
    assert (drawn.since, drawn.until) == (MIDNIGHT - 4 * DAY, MIDNIGHT)
    assert (drawn.highest, first.uploads, second.uploads) == (8, 8, 4)
    assert [(part.label, part.y, part.height) for part in first.parts] == [
        (Label.FAKE, HEIGHT * 0.75, HEIGHT * 0.25),
        (Label.CLEAR, 0.0, HEIGHT * 0.75),
    ]
    assert (second.parts[0].y, second.parts[0].height) == (HEIGHT / 2, HEIGHT / 2)
    assert (first.x, second.x) == (0.0, WIDTH / 2)
    assert (second.start, second.end) == (MIDNIGHT - 2 * DAY, MIDNIGHT - DAY)


def test_where_nothing_was_counted_there_is_no_bar() -> None:
    drawn = chart([], Wanted(since=MIDNIGHT - DAY, until=MIDNIGHT), Span.DAY)
    assert (drawn.bars, drawn.highest) == ((), 0)


async def test_the_page_has_a_chart_of_what_is_counted_without_inline_style() -> None:
    house = ReviewHouse()
    viewer = await house.browser_of(await house.person(Role.VIEWER, "vic", Tenants.named("acme")))
    at = house.clock() - HOUR
    await house.review.flag("u1", decided_at=at)
    await house.review.flag("u2", decided_at=at, tenant="other")

    text = (await viewer.get("/uploads")).text

    assert 'class="count-suspect"' in text
    assert "suspect 1</title>" in text
    assert "style=" not in text
    assert 'class="counts"' not in (await viewer.get("/uploads?reason=blurred")).text


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (2 * DAY, "By the hour, 2026-02-27 12:00 to 2026-03-01 12:00"),
        (3 * DAY, "By the day, 2026-02-26 00:00 to 2026-03-01 12:00"),
        (40 * DAY, "By the hour, 2026-02-28 12:00 to 2026-03-01 12:00"),
    ],
)
async def test_the_page_counts_by_the_hour_where_the_first_upload_is_that_young(
    first: timedelta, told: str
) -> None:
    house = ReviewHouse()
    viewer = await house.browser_of(await house.person(Role.VIEWER, "vic", Tenants.named("acme")))
    await house.review.flag("u1", decided_at=house.clock() - first)
    await house.review.flag("u2", decided_at=house.clock() - DAY)

    assert told in (await viewer.get("/uploads")).text
