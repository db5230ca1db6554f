"""What the databases refuse and how they read, whatever the code above them does."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from moderation.errors import Inconsistent
from moderation.upload import Lane
from storage import rows
from storage.database import reading, writing
from storage.ledger import status_query
from storage.tables import uploads, verdict_tracks, verdicts
from tests.contracts.plans import plan_of
from tests.contracts.words import NOON, SECOND, Store, a_verdict, an_upload


async def concluded(store: Store) -> None:
    await store.ledger.conclude(an_upload(), a_verdict(), publish=[])


@pytest.mark.parametrize(
    "broken",
    [
        {"lineage_digest": a_verdict().lineage.digest, "is_current": False},
        {"is_current": True},
        {"is_current": False, "upload_id": "never-announced"},
        {"is_current": False, "supersedes": "no-such-verdict"},
        {"is_current": False, "fake_probability": 1.01},
        {"is_current": False, "supersedes": "u1-other"},
        {"verdict_id": "u1-strict", "is_current": False},
    ],
    ids=[
        "two of one lineage",
        "two current",
        "of no upload",
        "after no verdict",
        "a probability above one",
        "after itself",
        "of a taken number",
    ],
)
async def test_a_verdict_that_breaks_a_rule_is_refused(
    engine: AsyncEngine, sql_store: Store, broken: dict[str, object]
) -> None:
    await concluded(sql_store)
    row = rows.verdict_row(a_verdict(policy="other"), Lane.LIVE) | broken

    with pytest.raises(Inconsistent):
        async with writing(engine) as connection:
            await connection.execute(rows.insert(connection, verdicts).values(row))


async def test_a_verdict_that_breaks_no_rule_is_taken(
    engine: AsyncEngine, sql_store: Store
) -> None:
    await concluded(sql_store)
    row = rows.verdict_row(a_verdict(policy="other"), Lane.LIVE) | {"is_current": False}

    async with writing(engine) as connection:
        await connection.execute(rows.insert(connection, verdicts).values(row))


async def test_every_verdict_stays_and_one_is_current(
    engine: AsyncEngine, sql_store: Store
) -> None:
    await concluded(sql_store)
    await sql_store.ledger.conclude(
        an_upload(), a_verdict(policy="mild", supersedes="u1-strict"), publish=[]
    )

    async with reading(engine) as connection:
        kept = await connection.execute(
            select(verdicts.c.verdict_id, verdicts.c.is_current, verdicts.c.supersedes)
        )
        tracks = await connection.scalar(select(func.count()).select_from(verdict_tracks))

    assert set(map(tuple, kept)) == {
        ("u1-strict", False, None),
        ("u1-mild", True, "u1-strict"),
    }
    assert tracks == 4


async def test_a_transaction_that_fails_leaves_nothing(
    engine: AsyncEngine, sql_store: Store
) -> None:
    await concluded(sql_store)

    async def fail_after_writing() -> None:
        async with writing(engine) as connection:
            await connection.execute(update(uploads).values(announcements=99))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_after_writing()

    assert (await sql_store.ledger.status("u1")).announcements == 1


@pytest.mark.parametrize(
    ("index", "where"),
    [
        ("ix_uploads_without_end", uploads.c.concluded_at.is_(None)),
        ("uq_verdicts_current", uploads.c.upload_id == "u1"),
    ],
)
async def test_what_is_asked_often_is_answered_from_an_index(
    engine: AsyncEngine, index: str, where: object
) -> None:
    query = status_query().where(where).order_by(uploads.c.deadline_at).limit(5)

    assert index in await plan_of(engine, query)


async def test_an_upload_that_no_longer_parses_does_not_hide_the_overdue_ones(
    engine: AsyncEngine, sql_store: Store
) -> None:
    for upload_id in ("u1", "u2", "u3"):
        await sql_store.ledger.announce(an_upload(upload_id), deadline_at=NOON)
    async with writing(engine) as connection:
        broken = update(uploads).where(uploads.c.upload_id == "u1").values(upload={"lane": "?"})
        await connection.execute(broken)

    with capture_logs() as logs:
        overdue = await sql_store.open_uploads.overdue(NOON + SECOND, limit=10)

    assert [status.upload.upload_id for status in overdue] == ["u2", "u3"]
    assert [(line["log_level"], line["upload_id"]) for line in logs] == [("error", "u1")]
