"""What every upload pays for: statements to the database, and turns of SQLite's thread."""

from __future__ import annotations

import asyncio
import logging

import pytest
from sqlalchemy import event, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.database import open_database, reading, writing
from storage.looks.before import SqlSeenBefore
from storage.tables import outbox
from tests.builders import FACTS
from tests.contracts.looks.test_with_verdicts import LOOK
from tests.contracts.words import NOON, Store, a_message, a_verdict, an_upload

A_ROW = {"topic": "t", "key": "k", "value": b"", "headers": {}, "created_at": NOON}


async def test_a_verdict_on_known_bytes_takes_ten_statements(
    engine: AsyncEngine, sql_store: Store
) -> None:
    """Tombstone, upload, its verdicts, verdict, tracks, terms, bytes, message, counts; BEGIN."""
    await sql_store.ledger.conclude(
        an_upload("u1"), a_verdict("u1", media=FACTS), publish=(), looks=[LOOK]
    )
    asked: list[str] = []
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *given: asked.append(given[2]))

    await sql_store.ledger.conclude(
        an_upload("u2"), a_verdict("u2", media=FACTS), publish=[a_message()]
    )

    assert len(asked) <= 10, asked


async def test_a_statement_takes_one_turn_of_sqlites_thread(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    engine = open_database(sqlite_url)
    async with writing(engine) as connection:
        with caplog.at_level(logging.DEBUG, "aiosqlite"):
            await connection.execute(insert(outbox), [A_ROW, A_ROW])
            found = await connection.execute(select(outbox.c.outbox_id).order_by("outbox_id"))
            turns = [line for line in caplog.messages if line.startswith("executing")]

    assert list(found.scalars()) == [1, 2]
    assert len(turns) == 2
    await engine.dispose()


async def test_who_reads_sees_what_is_committed_by_then(engine: AsyncEngine) -> None:
    count = text("SELECT count(*) FROM outbox")
    async with reading(engine) as connection:
        before = await connection.scalar(count)
        async with writing(engine) as other:
            await other.execute(insert(outbox), A_ROW)
        assert (before, await connection.scalar(count)) == (0, 1)


async def test_who_reads_begins_no_transaction_and_who_writes_then_has_one(
    engine: AsyncEngine,
) -> None:
    for opened, has_one in ((reading, False), (writing, True), (reading, False)):
        async with opened(engine) as connection:
            await connection.execute(text("SELECT 1"))
            driver = (await connection.get_raw_connection()).driver_connection
            is_postgresql = engine.dialect.name == "postgresql"
            is_in_one = driver.is_in_transaction() if is_postgresql else driver.in_transaction
            assert is_in_one is has_one


async def test_what_was_decided_about_bytes_and_a_look_is_one_statement(
    engine: AsyncEngine,
) -> None:
    asked: list[str] = []
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *given: asked.append(given[2]))

    for looks, statements in (((), 1), ((LOOK,), 1), ((LOOK, LOOK), 2)):
        asked.clear()
        await SqlSeenBefore(engine).decided(an_upload(), FACTS.sha256, looks)
        assert len(asked) == statements


async def test_a_reader_that_is_cancelled_leaves_a_connection_that_others_can_use(
    sqlite_url: str,
) -> None:
    engine = open_database(sqlite_url, connections=1)

    async def read_for_ever() -> None:
        async with reading(engine) as connection:
            await connection.execute(
                text(
                    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n"
                    " LIMIT 300000) SELECT count(*) FROM n"
                )
            )

    asked = asyncio.Event()
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *_: asked.set())
    reader = asyncio.create_task(read_for_ever())
    await asyncio.wait_for(asked.wait(), 30)
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    assert reader.cancelled()

    async with writing(engine) as connection:
        await connection.execute(insert(outbox), A_ROW)
    await engine.dispose()
