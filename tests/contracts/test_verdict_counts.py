"""What is counted is what is found: after many at once, and after an upload is erased."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.people import ALL_TENANTS
from moderation.verdict import Label
from storage.database import reading, writing
from storage.erasure.rows import remove_upload
from storage.ledger import SqlLedger
from storage.search.database import SqlUploadSearch
from storage.search.ports import Span, Wanted
from storage.search.tables import verdict_counts
from tests.contracts.reviews.desk import published, suspect
from tests.contracts.words import NOON, SECOND, a_verdict, an_upload

UPLOADS = 24


async def counted(engine: AsyncEngine) -> dict[Label, int]:
    return dict((await SqlUploadSearch(engine).counts(Wanted(), ALL_TENANTS)).by_label)


async def test_many_that_supersede_each_other_at_once_are_all_counted(engine: AsyncEngine) -> None:
    ledger = SqlLedger(engine)
    day = timedelta(days=1)
    connections = asyncio.Semaphore(8)

    async def judged_twice(number: int) -> None:
        """Some go from one count to another, and others the other way."""
        one, other = (a_verdict, published) if number % 2 else (published, a_verdict)
        first = one(f"u{number}", decided_at=NOON)
        again = {"policy": "again", "supersedes": first.verdict_id}
        second = other(f"u{number}", **again, decided_at=NOON + number % 3 * day)
        async with connections:
            for verdict in (first, second):
                assert await ledger.conclude(an_upload(verdict.upload_id), verdict, publish=[])

    await asyncio.gather(*(judged_twice(number) for number in range(UPLOADS)))

    half = UPLOADS // 2
    assert await counted(engine) == {Label.FAKE: half, Label.CLEAR: half}
    for span in Span:
        column = verdict_counts.c
        query = select(func.sum(column.verdicts)).where(column.span == span.value)
        async with reading(engine) as connection:
            assert await connection.scalar(query) == UPLOADS
        by_time = await SqlUploadSearch(engine).over_time(Wanted(), ALL_TENANTS, per=span)
        assert sum(one.uploads for one in by_time) == UPLOADS
        assert len({one.start for one in by_time}) == 3


async def test_what_is_recorded_again_is_counted_once(engine: AsyncEngine) -> None:
    ledger = SqlLedger(engine)
    assert await ledger.conclude(an_upload(), a_verdict(), publish=[])
    assert not await ledger.conclude(an_upload(), a_verdict(), publish=[])

    assert await counted(engine) == {Label.FAKE: 1}


async def test_an_upload_that_is_erased_is_counted_no_more(engine: AsyncEngine) -> None:
    ledger = SqlLedger(engine)
    first = a_verdict("u1")
    second = suspect("u1", policy="b", supersedes=first.verdict_id, decided_at=NOON + 9 * SECOND)
    for verdict in (first, second, suspect("u2")):
        await ledger.conclude(an_upload(verdict.upload_id), verdict, publish=[])

    async with writing(engine) as connection:
        await remove_upload(connection, "u1", "acme")

    assert await counted(engine) == {Label.SUSPECT: 1}
    (day,) = await SqlUploadSearch(engine).over_time(Wanted(), ALL_TENANTS, per=Span.DAY)
    assert (day.label, day.uploads) == (Label.SUSPECT, 1)
