"""Verdicts that come at once share a transaction, and each is written as if it had come alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import delete, event, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.errors import Inconsistent
from moderation.looks import Look
from moderation.review import ReviewPlan
from moderation.upload import Lane, Upload
from moderation.verdict import Action, Label, Verdict
from storage.database import reading, writing
from storage.erasure.asking import SqlErasures
from storage.ledger import SqlLedger
from storage.reviews.tables import standing_decisions
from storage.tables import metadata, outbox, verdicts
from tests.builders import FACTS, FULLEST
from tests.contracts.conftest import open_emptied
from tests.contracts.erasure.house import a_request
from tests.contracts.words import NOON, SECOND, a_message, a_verdict, an_upload

IDS = [f"u{n:02}" for n in range(33)]
NUMBERS = ("outbox_id", "look_id")
OTHER_BYTES = replace(FACTS, sha256="ef" * 32)


def a_look(number: int) -> Look:
    return Look(pdq=f"{number:064x}", quality=90)


async def conclude(ledger: SqlLedger, upload_id: str) -> bool:
    """A verdict on bytes that no other upload has."""
    media = replace(FACTS, sha256=upload_id[1:] * 32)
    return await ledger.conclude(
        an_upload(upload_id),
        a_verdict(upload_id, media=media),
        publish=[a_message(upload_id)],
        looks=[a_look(int(upload_id[1:]))],
    )


class Told:
    """What a database was asked from now on."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.statements: list[str] = []
        self.commits = 0
        event.listen(engine.sync_engine, "before_cursor_execute", self._asked)
        event.listen(engine.sync_engine, "commit", self._committed)

    def count(self, words: str) -> int:
        return sum(words in one for one in self.statements)

    def _asked(self, *given: object) -> None:
        self.statements.append(str(given[2]))

    def _committed(self, _connection: object) -> None:
        self.commits += 1


async def count(engine: AsyncEngine, table) -> int:
    async with reading(engine) as connection:
        return await connection.scalar(select(func.count()).select_from(table))


async def test_what_comes_while_one_is_written_is_written_in_one_transaction(
    engine: AsyncEngine,
) -> None:
    ledger, told = SqlLedger(engine), Told(engine)
    written = await asyncio.gather(*(conclude(ledger, one) for one in IDS))

    assert all(written)
    assert told.commits == 2
    # What is asked of each by itself is who holds the looks of its bytes.
    assert len(told.statements) <= 2 * 11 + len(IDS), told.statements


def everything() -> list[tuple[Upload, Verdict, Sequence[Look]]]:
    """One of each kind that may come together, by id."""
    suspect = {"label": Label.SUSPECT, "action": Action.REVIEW, "fake_probability": 0.7}
    again = {"policy": "lenient", "label": Label.CLEAR, "action": Action.PUBLISH}
    return [
        (an_upload("u00"), a_verdict("u00", media=FACTS), [a_look(0)]),
        (an_upload("u01"), a_verdict("u01", media=FACTS), [a_look(1)]),  # as u00
        (an_upload("u02"), a_verdict("u02", media=OTHER_BYTES, **suspect), [a_look(2)]),
        (an_upload("u03"), a_verdict("u03", media=OTHER_BYTES, **suspect), [a_look(3)]),
        (an_upload("u04", uploader_id="ann"), a_verdict("u04", provenance=FULLEST), ()),
        (an_upload("u05", uploader_id="ann"), a_verdict("u05", tracks=()), ()),
        (an_upload("u06"), a_verdict("u06"), ()),  # was erased
        (an_upload("u07"), a_verdict("u07"), ()),  # announced in another lane
        (an_upload("u08"), a_verdict("u08"), ()),  # recorded before
        (an_upload("u09"), a_verdict("u09", supersedes="u09-strict", **again), ()),
        (an_upload("u10"), a_verdict("u10", supersedes="u10-strict", **again), ()),
    ]


async def before(engine: AsyncEngine) -> SqlLedger:
    """An empty database in which some of those stand already."""
    async with writing(engine) as connection:
        for table in reversed(metadata.sorted_tables):
            if await connection.scalar(select(func.count()).select_from(table)):
                await connection.execute(delete(table))
    plan = ReviewPlan(audited=0.0, known=0.0, second=1.0)
    ledger = SqlLedger(engine, plan=plan, clock=lambda: NOON)
    await ledger.announce(an_upload("u07", lane=Lane.BACKFILL), deadline_at=NOON)
    for upload_id in ("u08", "u09", "u10"):
        verdict = a_verdict(upload_id, decided_at=NOON, provenance=FULLEST, media=FACTS)
        await ledger.conclude(an_upload(upload_id), verdict, publish=())
    async with writing(engine) as connection:
        await connection.execute(
            insert(standing_decisions),
            [
                {
                    "upload_id": upload_id,
                    "tenant": "acme",
                    "decision_id": upload_id,
                    "kind": "overturn",
                    "action": "publish",
                    "since": NOON,
                }
                for upload_id in ("u09", "u10")
            ],
        )
    await ledger.announce(an_upload("u06"), deadline_at=NOON)
    await SqlErasures(engine).ask(a_request("u06"))
    return SqlLedger(engine, plan=plan, clock=lambda: NOON)


async def all_rows(engine: AsyncEngine) -> dict[str, list[str]]:
    """What stands in every table, without the numbers that rows are given."""
    rows: dict[str, list[str]] = {}
    async with reading(engine) as connection:
        for table in metadata.sorted_tables:
            if "eras" in table.name:
                continue
            named = [one for one in table.c if one.name not in NUMBERS]
            found = await connection.execute(select(*named))
            rows[table.name] = sorted(repr(tuple(row)) for row in found)
    return rows


async def test_what_is_written_together_is_what_is_written_one_by_one(
    engine: AsyncEngine,
) -> None:
    ledger = await before(engine)
    alone = [
        await ledger.conclude(upload, verdict, publish=[a_message(upload.upload_id)], looks=looks)
        for upload, verdict, looks in everything()
    ]
    rows = await all_rows(engine)

    ledger, told = await before(engine), Told(engine)
    first, *others = everything()
    together = await asyncio.gather(
        *(
            ledger.conclude(upload, verdict, publish=[a_message(upload.upload_id)], looks=looks)
            for upload, verdict, looks in (first, *reversed(others))
        )
    )

    assert told.commits == 2
    assert [together[0], *reversed(together[1:])] == alone
    assert alone == [n not in (6, 8) for n in range(11)]
    assert await all_rows(engine) == rows
    assert "'backfill'" in "".join(rows["verdicts"])
    assert all(rows[name] for name in ("upload_senders", "review_jobs", "verdict_terms", "looks"))


async def test_a_verdict_that_the_database_refuses_is_refused_alone(engine: AsyncEngine) -> None:
    ledger = SqlLedger(engine)

    async def one(upload_id: str) -> bool:
        topic = "\ud800" if upload_id == "u03" else "verdicts"
        message = replace(a_message(upload_id), topic=topic)
        return await ledger.conclude(an_upload(upload_id), a_verdict(upload_id), publish=[message])

    said = await asyncio.gather(*(one(each) for each in IDS[:6]), return_exceptions=True)

    assert [type(each) for each in said] == [bool, bool, bool, Inconsistent, bool, bool]
    assert await count(engine, outbox) == 5


async def test_of_verdicts_that_two_processes_write_at_once_each_is_written_once(
    engine: AsyncEngine,
) -> None:
    one, other = SqlLedger(engine), SqlLedger(engine)
    written = await asyncio.gather(
        *(conclude(one, upload_id) for upload_id in IDS),
        *(conclude(other, upload_id) for upload_id in reversed(IDS)),
    )

    assert sorted(written) == [False] * len(IDS) + [True] * len(IDS)
    for table in (verdicts, outbox):
        assert await count(engine, table) == len(IDS)


@pytest.fixture
async def locking(postgresql_url: str) -> AsyncIterator[AsyncEngine]:
    """A database that locks rows; SQLite has one writer."""
    engine = await open_emptied(postgresql_url)
    yield engine
    await engine.dispose()


HELD = text("SELECT 1 FROM uploads WHERE upload_id = 'u05' FOR UPDATE")


async def test_an_upload_that_somebody_works_on_is_waited_for_alone(locking: AsyncEngine) -> None:
    ledger = SqlLedger(locking)
    await ledger.announce(an_upload("u05"), deadline_at=NOON + SECOND)
    async with writing(locking) as connection:
        await connection.execute(HELD)
        tasks = {one: asyncio.create_task(conclude(ledger, one)) for one in IDS[:9]}
        waits = tasks.pop("u05")
        assert all(await asyncio.gather(*tasks.values()))
        assert not waits.done()

    assert await waits


async def test_two_processes_lock_in_one_order(
    locking: AsyncEngine,
) -> None:
    """One has those before the row that is held, the other would have those after it."""
    ledgers = SqlLedger(locking), SqlLedger(locking)
    told = Told(locking)
    await ledgers[0].announce(an_upload("u05"), deadline_at=NOON + SECOND)
    orders = IDS[1:10], IDS[9:0:-1]
    async with writing(locking) as connection:
        await connection.execute(HELD)
        tasks = [
            asyncio.create_task(conclude(ledger, one))
            for ledger, alone, order in zip(ledgers, ("u30", "u31"), orders, strict=True)
            for one in (alone, *order)
        ]
        while told.count("INSERT INTO uploads") < 5:  # noqa: ASYNC110 (nothing tells of it)
            await asyncio.sleep(0.01)
    await asyncio.gather(*tasks)

    assert await count(locking, verdicts) == 11
    assert told.commits == 6  # the announcement, the lock, and two of each
