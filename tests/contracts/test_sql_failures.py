"""A database that cannot be reached or refuses is LedgerUnavailable, and says why in one line."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.errors import Inconsistent, LedgerUnavailable
from storage import pool
from storage.database import open_database, reading, writing
from storage.ledger import SqlLedger
from storage.tables import outbox
from tests.contracts.words import NOON, Store, an_upload

A_ROW = {"topic": "t", "key": "k", "value": b"", "headers": {}, "created_at": NOON}


@pytest.fixture(autouse=True)
async def aiosqlite_threads_end_before_the_loop_does() -> AsyncIterator[None]:
    """After a failed connect aiosqlite lets its thread run out by itself, and it wants the loop."""
    yield
    for thread in threading.enumerate():
        if "_connection_worker_thread" in thread.name:
            await asyncio.to_thread(thread.join, timeout=5)


async def announce(engine: AsyncEngine) -> None:
    await SqlLedger(engine).announce(an_upload(), deadline_at=NOON)


async def test_a_database_that_is_not_there() -> None:
    engine = open_database("postgresql://nobody@127.0.0.1:1/nothing")

    with pytest.raises(LedgerUnavailable):
        await announce(engine)
    await engine.dispose()


async def test_a_file_whose_folder_went_away(tmp_path: Path) -> None:
    folder = tmp_path / "mounted"
    folder.mkdir()
    engine = open_database(f"sqlite:///{folder}/ledger.db")
    folder.rmdir()

    with pytest.raises(LedgerUnavailable):
        await announce(engine)
    await engine.dispose()


@pytest.mark.parametrize("wrong", ["/no_such_database", "//stranger"])
async def test_a_server_that_does_not_let_in(postgresql_url: str, wrong: str) -> None:
    server = postgresql_url.rsplit("/", 1)[0]
    address = server + wrong if wrong != "//stranger" else _as_stranger(postgresql_url)
    engine = open_database(address)

    with pytest.raises(LedgerUnavailable) as raised:
        await announce(engine)

    assert "\n" not in str(raised.value)
    await engine.dispose()


async def test_a_connection_that_the_server_ended_is_replaced(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, other = open_database(postgresql_url, connections=1), open_database(postgresql_url)
    monkeypatch.setattr(pool, "monotonic", lambda: 0.0)  # so that it is not asked
    async with reading(engine) as connection:
        driver = (await connection.get_raw_connection()).driver_connection
    await _end(other, driver.get_server_pid())
    while not driver.is_closed():  # noqa: ASYNC110 (the driver tells nobody)
        await asyncio.sleep(0.01)

    assert await _process(engine) != driver.get_server_pid()
    await engine.dispose()
    await other.dispose()


async def test_a_connection_that_does_not_answer_is_replaced(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_database(postgresql_url, connections=1)
    monkeypatch.setattr(pool, "monotonic", itertools.count(step=10.0).__next__)
    silent = await _process(engine)

    def ask(_connection: object) -> None:
        raise engine.dialect.loaded_dbapi.OperationalError("connection lost")

    monkeypatch.setattr(engine.dialect, "do_ping", ask)

    assert await _process(engine) != silent
    await engine.dispose()


async def test_a_connection_that_lay_idle_is_asked_whether_it_answers(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_database(postgresql_url, connections=1)
    asked: list[object] = []
    monkeypatch.setattr(engine.dialect, "do_ping", asked.append)
    clock = itertools.chain([0.0, 0.9, 1.0, 2.0], itertools.repeat(2.0))
    monkeypatch.setattr(pool, "monotonic", lambda: next(clock))

    async def use() -> int:
        async with reading(engine) as connection:
            await connection.execute(text("SELECT 1"))
        return len(asked)

    assert [await use() for _ in range(3)] == [0, 0, 1]  # 0.9 and 1.0 seconds after the last use
    await engine.dispose()


async def test_a_connection_that_dies_inside_a_transaction(postgresql_url: str) -> None:
    engine, other = open_database(postgresql_url, connections=1), open_database(postgresql_url)

    with pytest.raises(LedgerUnavailable):
        await write_over_a_dying_connection(engine, other)
    await engine.dispose()
    await other.dispose()


async def write_over_a_dying_connection(engine: AsyncEngine, other: AsyncEngine) -> None:
    async with writing(engine) as connection:
        await _end(other, await connection.scalar(text("SELECT pg_backend_pid()")))
        await connection.execute(text("SELECT 1"))


async def test_a_statement_that_takes_too_long(postgresql_url: str) -> None:
    engine = open_database(postgresql_url, statement_seconds=0.05)

    with pytest.raises(LedgerUnavailable, match="statement timeout"):
        async with reading(engine) as connection:
            await connection.execute(text("SELECT pg_sleep(30)"))
    await engine.dispose()


async def test_a_ledger_that_another_writer_holds(engine: AsyncEngine, sql_store: Store) -> None:
    await sql_store.ledger.announce(an_upload(), deadline_at=NOON)
    url = engine.url.render_as_string(hide_password=False)
    impatient = open_database(url, patience_seconds=0.2)

    async with writing(engine) as connection:
        await connection.execute(text("UPDATE uploads SET announcements = 2"))
        with pytest.raises(LedgerUnavailable):
            await announce_again(impatient)
    await impatient.dispose()


async def announce_again(engine: AsyncEngine) -> None:
    async with writing(engine) as connection:
        await connection.execute(text("UPDATE uploads SET announcements = 3"))


async def test_a_writer_that_is_cancelled_leaves_no_row_and_no_lock(
    engine: AsyncEngine, sql_store: Store
) -> None:
    begun = asyncio.Event()

    async def write_and_wait() -> None:
        async with writing(engine) as connection:
            await connection.execute(insert(outbox).values(**A_ROW))
            begun.set()
            await asyncio.Event().wait()

    for _ in range(10):  # more than there are connections: none of them is lost
        begun.clear()
        writer = asyncio.ensure_future(write_and_wait())
        await begun.wait()
        writer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writer

    assert await sql_store.outbox.backlog() == (0, None)
    await sql_store.ledger.announce(an_upload(), deadline_at=NOON)


async def test_more_work_than_connections(engine: AsyncEngine) -> None:
    url = engine.url.render_as_string(hide_password=False)
    narrow = open_database(url, connections=1, patience_seconds=0.1)

    async with reading(narrow) as connection:
        await connection.execute(text("SELECT 1"))
        with pytest.raises(LedgerUnavailable, match="QueuePool"):
            await announce(narrow)
    await narrow.dispose()


@pytest.mark.parametrize(
    "refused",
    [{"key": "k" * 256}, {"key": "a\0b"}, {"outbox_id": 2**63}, {"key": None}],
    ids=["too long", "a character that is none", "out of range", "missing"],
)
async def test_a_value_that_postgresql_would_refuse_again_is_ours(
    postgresql_url: str, refused: dict[str, object]
) -> None:
    engine = open_database(postgresql_url)

    with pytest.raises(Inconsistent):
        async with writing(engine) as connection:
            await connection.execute(insert(outbox).values(**A_ROW | refused))
    await engine.dispose()


@pytest.mark.parametrize("kept", ["{}", '"no upload"'])
async def test_an_upload_that_no_longer_parses_is_ours(sqlite_url: str, kept: str) -> None:
    engine = open_database(sqlite_url)
    await announce(engine)
    async with writing(engine) as connection:
        await connection.execute(text("UPDATE uploads SET upload = :kept"), {"kept": kept})

    with pytest.raises(Inconsistent):
        await SqlLedger(engine).status(an_upload().upload_id)
    await engine.dispose()


async def test_tables_that_are_not_there_yet(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'empty.db'}")

    with pytest.raises(LedgerUnavailable, match="no such table"):
        await announce(engine)
    await engine.dispose()


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"this is no database" * 100)
    engine = open_database(f"sqlite:///{tmp_path / 'ledger.db'}")

    with pytest.raises(LedgerUnavailable, match="not a database"):
        await announce(engine)
    await engine.dispose()


async def test_a_disk_that_is_full(sqlite_url: str) -> None:
    engine = open_database(sqlite_url, connections=1)
    async with reading(engine) as connection:
        pages = await connection.scalar(text("PRAGMA page_count"))
        await connection.execute(text(f"PRAGMA max_page_count = {pages}"))

    with pytest.raises(LedgerUnavailable, match="full"):
        await announce_many(engine)
    await engine.dispose()


async def announce_many(engine: AsyncEngine) -> None:
    for number in range(200):
        await SqlLedger(engine).announce(an_upload(f"u{number}"), deadline_at=NOON)


async def test_a_ledger_that_may_only_be_read(sqlite_template: Path) -> None:
    engine = open_database(f"sqlite:///file:{sqlite_template}?mode=ro&immutable=1&uri=true")

    with pytest.raises(LedgerUnavailable):
        await announce(engine)
    await engine.dispose()


async def test_sqlite_is_opened_so_that_power_cuts_and_other_readers_do_no_harm(
    sqlite_url: str,
) -> None:
    engine = open_database(sqlite_url, patience_seconds=3.0)

    async with reading(engine) as connection:
        found = {
            name: await connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }

    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 3000,
    }
    await engine.dispose()


async def test_writers_of_sqlite_that_read_first_wait_for_each_other(sqlite_url: str) -> None:
    """Deferred transactions would fail at once here: both hold what the other one waits for."""
    engine = open_database(sqlite_url)
    await announce(engine)

    async def count_one_more() -> None:
        async with writing(engine) as connection:
            seen = await connection.scalar(text("SELECT announcements FROM uploads"))
            await connection.execute(text(f"UPDATE uploads SET announcements = {seen + 1}"))

    await asyncio.gather(*(count_one_more() for _ in range(6)))

    assert (await SqlLedger(engine).status("u1")).announcements == 7
    await engine.dispose()


async def test_a_reader_does_not_wait_for_a_writer(engine: AsyncEngine, sql_store: Store) -> None:
    await sql_store.ledger.announce(an_upload(), deadline_at=NOON)

    async with writing(engine) as connection:
        await connection.execute(text("UPDATE uploads SET announcements = 5"))
        seen = await sql_store.ledger.status("u1")

    assert seen.announcements == 1


async def _process(engine: AsyncEngine) -> int:
    """The process of the server that a connection has."""
    async with reading(engine) as connection:
        return await connection.scalar(text("SELECT pg_backend_pid()"))


async def _end(engine: AsyncEngine, process: int) -> None:
    async with reading(engine) as connection:
        await connection.execute(text(f"SELECT pg_terminate_backend({process}, 5000)"))


def _as_stranger(url: str) -> str:
    address = url.split("@", 1)[-1]
    return f"postgresql://no_such_role:secret@{address}"
