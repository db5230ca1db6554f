"""Finding uploads, over memory, SQLite and PostgreSQL alike, and along which index."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.people import ALL_TENANTS, Tenants
from moderation.upload import Lane
from moderation.verdict import Label, Reason, Rejection, Verdict
from storage.database import writing
from storage.search.database import SqlUploadSearch, found_query
from storage.search.in_memory import InMemoryUploadSearch
from storage.search.ports import Decided, Place, UploadSearch, Wanted
from tests.contracts.conftest import open_emptied
from tests.contracts.plans import plan_of
from tests.contracts.reviews.desk import PLAN, Desk, memory_desk, sql_desk, suspect
from tests.contracts.words import NOON, SECOND, a_verdict, an_upload

ACME = Tenants.named("acme")


@dataclass
class Kept:
    desk: Desk
    search: UploadSearch

    async def add(self, verdict: Verdict, *, lane: Lane = Lane.LIVE) -> None:
        upload = replace(an_upload(verdict.upload_id, tenant=verdict.tenant), lane=lane)
        assert await self.desk.ledger.conclude(upload, verdict, publish=[])

    async def find(self, tenants: Tenants = ACME, limit: int = 10, **which: object) -> list[str]:
        found = await self.search.find(Wanted(**which), tenants, limit=limit)
        return [one.upload_id for one in found]


@pytest.fixture
async def open_kept(place: str) -> AsyncIterator[Callable[..., Kept]]:
    """Makes what is kept under a plan that differs in what is named."""
    engine = None if place == "memory" else await open_emptied(place)

    def make(**changes: object) -> Kept:
        plan = replace(PLAN, **changes)
        if engine is None:
            desk = memory_desk(plan)
            return Kept(desk, InMemoryUploadSearch(desk.records._memory))
        return Kept(sql_desk(engine, plan), SqlUploadSearch(engine))

    yield make
    if engine is not None:
        await engine.dispose()


@pytest.fixture
def kept(open_kept: Callable[..., Kept]) -> Kept:
    return open_kept()


async def test_an_upload_is_found_as_it_stands(kept: Kept) -> None:
    await kept.desk.flag("u1")
    await kept.desk.take_and_decide("ann", "overturn")
    await kept.desk.settle_all()

    (found,) = await kept.search.find(Wanted(), ACME, limit=10)

    assert (found.label, found.action, found.standing) == ("suspect", "review", "publish")
    assert (found.file_name, found.lane, found.fake_probability) == ("holiday.mp4", "live", 0.7)
    assert (found.reasons, found.decided_at) == (("near_threshold",), NOON + SECOND)


async def test_what_is_asked_for_narrows(kept: Kept) -> None:
    day = timedelta(days=1)
    await kept.add(a_verdict("u1", fake_probability=0.9, reasons=()))
    await kept.add(suspect("u2", decided_at=NOON + day, reasons=(Reason.BLURRED,)))
    damaged = Rejection(reason="unreadable", detail="x")
    rejected = {"label": Label.REJECTED, "fake_probability": None, "rejection": damaged}
    await kept.add(a_verdict("u3", decided_at=NOON + 2 * day, **rejected), lane=Lane.BACKFILL)

    assert await kept.find() == ["u3", "u2", "u1"]
    assert await kept.find(labels=(Label.FAKE,)) == ["u1"]
    assert await kept.find(labels=(Label.FAKE, Label.SUSPECT)) == ["u2", "u1"]
    assert await kept.find(at_least=0.7, at_most=0.9) == ["u2", "u1"]
    assert await kept.find(at_least=0.71) == ["u1"]
    assert await kept.find(at_most=0.89) == ["u2"]
    assert await kept.find(reason="blurred") == ["u2"]
    assert await kept.find(reason="unreadable") == ["u3"]
    assert await kept.find(reason="blur") == []
    assert await kept.find(since=NOON + day) == ["u3", "u2"]
    assert await kept.find(until=NOON + day) == ["u1"]
    assert await kept.find(lane=Lane.BACKFILL) == ["u3"]
    assert await kept.find(upload_id="u2") == ["u2"]
    assert await kept.find(tenant="acme", limit=1) == ["u3"]


async def test_what_stands_by_a_decision_is_asked_for(kept: Kept) -> None:
    await kept.desk.flag("u1")
    await kept.desk.take_and_decide("ann", "uphold")
    await kept.desk.settle_all()
    await kept.desk.flag("u2")

    assert await kept.find(decided=Decided.NOTHING) == ["u2"]
    assert await kept.find(decided=Decided.WITHHOLD) == ["u1"]
    assert await kept.find(decided=Decided.PUBLISH) == []


async def test_who_may_be_asked_to_judge_is_not_told_of_decisions(open_kept) -> None:
    kept = open_kept(second=1.0)
    await kept.desk.flag("u1")
    await kept.desk.take_and_decide("ann", "uphold")
    await kept.desk.settle_all()  # it opens a blind second review

    assert await kept.find(decided=Decided.WITHHOLD) == ["u1"]
    assert await kept.find(decided=Decided.WITHHOLD, unbiased=True) == []
    assert await kept.find(decided=Decided.NOTHING, unbiased=True) == ["u1"]
    (found,) = await kept.search.find(Wanted(unbiased=True), ACME, limit=10)
    assert found.standing is None

    await kept.desk.take_and_decide("bob", "uphold")
    assert await kept.find(decided=Decided.WITHHOLD, unbiased=True) == ["u1"]


async def test_other_tenants_uploads_are_neither_found_nor_counted(kept: Kept) -> None:
    await kept.add(a_verdict("u1"))
    await kept.add(a_verdict("u2", tenant="other"))

    assert await kept.find() == ["u1"]
    assert await kept.find(tenant="other") == []
    assert await kept.find(upload_id="u2") == []
    assert await kept.search.counts(Wanted(), ACME) == {Label.FAKE: 1}
    assert await kept.find(ALL_TENANTS) == ["u2", "u1"]
    assert await kept.find(Tenants.named("acme", "other"), tenant="other") == ["u2"]


async def test_superseded_verdicts_are_not_found(kept: Kept) -> None:
    first = a_verdict("u1")
    await kept.add(first)
    await kept.add(suspect("u1", policy="mild", supersedes=first.verdict_id))

    assert await kept.find(labels=(Label.FAKE,)) == []
    assert await kept.find() == ["u1"]


async def test_pages_follow_each_other_even_where_moments_are_equal(kept: Kept) -> None:
    for number in range(5):
        await kept.add(a_verdict(f"u{number}", decided_at=NOON + SECOND * (number // 2)))

    seen: list[str] = []
    after: Place | None = None
    while page := await kept.search.find(Wanted(), ACME, after=after, limit=2):
        seen += [one.upload_id for one in page]
        after = page[-1].place

    assert seen == ["u4", "u3", "u2", "u1", "u0"]


async def test_labels_are_counted_of_what_is_asked_for(kept: Kept) -> None:
    await kept.add(a_verdict("u1", fake_probability=0.85))
    await kept.add(a_verdict("u2", fake_probability=0.95))
    await kept.add(suspect("u3"))

    assert await kept.search.counts(Wanted(), ACME) == {Label.FAKE: 2, Label.SUSPECT: 1}
    assert await kept.search.counts(Wanted(at_least=0.9), ACME) == {Label.FAKE: 1}


@pytest.mark.parametrize(
    ("which", "tenants", "index"),
    [
        (Wanted(), ACME, "ix_verdicts_by_time"),
        (Wanted(labels=(Label.FAKE,)), ACME, "ix_verdicts_by_label"),
        (Wanted(at_least=0.5), ACME, "ix_verdicts_by_time"),
        (Wanted(), ALL_TENANTS, "ix_verdicts_newest"),
        (Wanted(labels=(Label.FAKE,)), ALL_TENANTS, "ix_verdicts_newest_by_label"),
    ],
)
async def test_a_page_is_read_along_an_index_in_order_of_time(
    engine: AsyncEngine, which: Wanted, tenants: Tenants, index: str
) -> None:
    sqlite = engine.dialect.name == "sqlite"
    async with writing(engine) as connection:
        await connection.execute(text(SQLITE_ROWS if sqlite else POSTGRESQL_ROWS))
        await connection.execute(text(VERDICTS))
        await connection.execute(text("ANALYZE"))
    place = Place(decided_at=NOON + timedelta(days=20), verdict_id="v")
    query = found_query(which, tenants, after=place, limit=50, dialect=engine.dialect.name)

    plan = await plan_of(engine, query, of_few_rows=False)

    assert index in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


_UPLOADS = """
INSERT INTO uploads (upload_id, tenant, lane, announced_at, announcements, deadline_at, upload)
SELECT 'u' || n, 'acme', 'live', {at}, 1, {at}, '{{}}' FROM {numbers}
"""
SQLITE_ROWS = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 20000)" + (
    _UPLOADS.format(at="datetime('2026-03-01', '+' || n || ' minutes')", numbers="r")
)
POSTGRESQL_ROWS = _UPLOADS.format(
    at="timestamptz '2026-03-01' + n * interval '1 minute'",
    numbers="generate_series(1, 20000) AS r(n)",
)
VERDICTS = """
INSERT INTO verdicts (verdict_id, upload_id, lineage_digest, is_current, tenant, label, action,
  fake_probability, policy_name, decided_at, verdict)
SELECT 'v' || upload_id, upload_id, 'd', true,
  CASE WHEN upload_id LIKE '%7' THEN 'acme' ELSE 'other' END,
  CASE WHEN upload_id LIKE '%3_' THEN 'fake' ELSE 'clear' END,
  'publish', 0.5, 'p', announced_at, '{"reasons": []}' FROM uploads
"""
