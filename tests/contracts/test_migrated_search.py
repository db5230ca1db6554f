"""Verdicts from before a migration are found by what it brought."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.people import ALL_TENANTS
from moderation.provenance import ProvenanceState
from moderation.upload import Lane
from moderation.verdict import Label
from storage import schema
from storage.database import reading, writing
from storage.search.database import SqlUploadSearch
from storage.search.ports import Counted, Counts, Decided, Span, Wanted
from tests.contracts.migrating import open_at

AT = "2026-03-01 12:00:00.000000"
SUPERSEDED, CURRENT, REJECTED = "v1", "v2", "v3"
PROVENANCE = {
    "state": "valid",
    "generator_marks": [
        {"generator": "Painter", "field": "a"},
        {"generator": "Painter", "field": "b"},
        {"generator": "Mixer", "field": "a"},
    ],
}


@pytest.fixture
async def before(database: str) -> AsyncIterator[AsyncEngine]:
    """The tables as they were, with a superseded, a current and a rejecting verdict."""
    engine = await open_at(database, "0005")
    async with writing(engine) as connection:
        for upload_id, lane in (("u1", "backfill"), ("u2", "live")):
            await connection.execute(
                text(
                    "INSERT INTO uploads (upload_id, tenant, lane, announced_at, announcements,"
                    f" deadline_at, upload) VALUES ('{upload_id}', 'acme', '{lane}', '{AT}', 1,"
                    f" '{AT}', '{{}}')"
                )
            )
        await _insert(connection, SUPERSEDED, "u1", False, ["few_frames"], None)
        await _insert(connection, CURRENT, "u1", True, ["blurred", "occluded"], 1.0)
        await _insert(connection, REJECTED, "u2", True, [], None)
        await connection.execute(
            text(
                "INSERT INTO standing_decisions (upload_id, tenant, decision_id, kind, action,"
                f" since) VALUES ('u1', 'acme', 'd', 'uphold', 'withhold', '{AT}')"
            )
        )
    yield engine
    await schema.upgrade(database)
    await engine.dispose()


async def _insert(connection, verdict_id, upload_id, current, reasons, score) -> None:
    rejection = "unreadable" if verdict_id == REJECTED else None
    verdict = {
        "reasons": reasons,
        "lineage": {"policy_name": "strict", "policy_sha256": "ab" * 32},
        "provenance": None if rejection else PROVENANCE,
    }
    await connection.execute(
        text(
            "INSERT INTO verdicts (verdict_id, upload_id, lineage_digest, is_current, tenant,"
            " label, action, fake_probability, rejection_reason, policy_name, decided_at, verdict)"
            f" VALUES ('{verdict_id}', '{upload_id}', '{verdict_id}', :current, 'acme', 'fake',"
            f" 'withhold', :score, :rejection, 'strict', '{AT}', :verdict)"
        ),
        {
            "current": current,
            "score": score,
            "rejection": rejection,
            "verdict": json.dumps(verdict),
        },
    )


async def test_what_was_recorded_before_is_found_by_the_columns_that_came_later(
    before: AsyncEngine, database: str
) -> None:
    await schema.upgrade(database)
    search = SqlUploadSearch(before)

    async def found(**which: object) -> list[str]:
        page = await search.find(Wanted(**which), ALL_TENANTS, limit=10)
        return [one.verdict_id for one in page.found]

    assert await found() == [REJECTED, CURRENT]
    assert await found(lane=Lane.BACKFILL) == [CURRENT]
    assert await found(reason="blurred") == await found(reason="occluded") == [CURRENT]
    assert await found(reason="few_frames") == []
    assert await found(reason="unreadable") == [REJECTED]
    assert await found(generator="Painter") == await found(generator="Mixer") == [CURRENT]
    assert await found(provenance=ProvenanceState.VALID) == [CURRENT]
    assert await found(provenance=ProvenanceState.UNKNOWN) == []
    assert await found(policy="strict", policy_sha256="abab") == [REJECTED, CURRENT]
    assert await found(at_least=0.99) == [CURRENT]
    assert await found(decided=Decided.WITHHOLD) == [CURRENT]
    counts = await search.counts(Wanted(), ALL_TENANTS)
    assert counts == Counts(by_label={Label.FAKE: 2}, is_whole=True)
    since = datetime(2026, 2, 1, tzinfo=UTC)
    assert await search.counts(Wanted(since=since), ALL_TENANTS) == counts
    for span in Span:
        (counted,) = await search.over_time(Wanted(lane=Lane.BACKFILL), ALL_TENANTS, per=span)
        start = span.start_of(datetime(2026, 3, 1, 12, tzinfo=UTC))
        assert counted == Counted(start=start, label=Label.FAKE, uploads=1)


async def test_a_migration_can_be_taken_back(before: AsyncEngine, database: str) -> None:
    await schema.upgrade(database)
    async with writing(before) as connection:
        await connection.run_sync(lambda sync: command.downgrade(schema._config(sync), "0005"))

    async with reading(before) as connection:
        kept = await connection.execute(text("SELECT verdict_id FROM verdicts ORDER BY 1"))
        assert [row.verdict_id for row in kept] == [SUPERSEDED, CURRENT, REJECTED]
