"""Verdicts that come at once share a transaction, and no other process's way is in theirs."""

from __future__ import annotations

import asyncio

from sqlalchemy import event, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.database import reading
from storage.ledger import SqlLedger
from storage.tables import outbox, verdicts
from tests.builders import FACTS
from tests.contracts.words import a_message, a_verdict, an_upload

IDS = [f"u{n:02}" for n in range(33)]


async def conclude(ledger: SqlLedger, upload_id: str) -> bool:
    return await ledger.conclude(
        an_upload(upload_id),
        a_verdict(upload_id, media=FACTS),
        publish=[a_message(upload_id)],
    )


async def test_what_comes_while_one_is_written_is_written_in_one_transaction(
    engine: AsyncEngine,
) -> None:
    asked: list[str] = []
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    commits: list[object] = []
    event.listen(engine.sync_engine, "commit", commits.append)

    ledger = SqlLedger(engine)
    written = await asyncio.gather(*(conclude(ledger, one) for one in IDS))

    assert all(written)
    assert len(commits) == 2
    # What is asked of each by itself is who holds the looks of its bytes.
    assert len(asked) <= 2 * 10 + len(IDS), asked


async def test_of_verdicts_that_two_processes_write_at_once_each_is_written_once(
    engine: AsyncEngine,
) -> None:
    one, other = SqlLedger(engine), SqlLedger(engine)
    written = await asyncio.gather(
        *(conclude(one, upload_id) for upload_id in IDS),
        *(conclude(other, upload_id) for upload_id in reversed(IDS)),
    )

    assert sorted(written) == [False] * len(IDS) + [True] * len(IDS)
    async with reading(engine) as connection:
        for table in (verdicts, outbox):
            assert await connection.scalar(select(func.count()).select_from(table)) == len(IDS)
