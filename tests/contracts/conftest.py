"""The storage ports over memory, a SQLite file and a real PostgreSQL, each empty for every test."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from storage import schema
from storage.database import open_database, writing
from storage.dead_letters import SqlDeadLetters
from storage.in_memory import (
    InMemoryDeadLetters,
    InMemoryLedger,
    InMemoryOpenUploads,
    InMemoryOutbox,
    Memory,
)
from storage.ledger import SqlLedger
from storage.looks.database import SqlLooks
from storage.looks.in_memory import InMemoryLooks
from storage.open_uploads import SqlOpenUploads
from storage.outbox import SqlOutbox
from storage.tables import metadata
from tests.contracts.words import Clock, Store
from tests.parts.loops import run
from tests.parts.postgres import Postgres


@pytest.fixture(scope="session")
def postgresql_url(postgres: Postgres) -> Iterator[str]:
    """The address of a migrated database of its own."""
    name = f"contracts_{os.getpid()}"
    run(_outside_transactions(postgres.url, f"CREATE DATABASE {name}"))
    url = postgres.url.rsplit("/", 1)[0] + f"/{name}"
    run(schema.upgrade(url))
    yield url
    run(_outside_transactions(postgres.url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    run(schema.upgrade(f"sqlite:///{path}"))
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    return copy_of(sqlite_template, tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a migrated database; `engine` empties it."""
    return database_of(request, tmp_path)


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    engine = await open_emptied(database)
    yield engine
    await engine.dispose()


@pytest.fixture
def sql_store(engine: AsyncEngine) -> Store:
    return open_store(engine)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return "memory" if request.param == "memory" else database_of(request, tmp_path)


@pytest.fixture
async def store(place: str) -> AsyncIterator[Store]:
    if place == "memory":
        yield memory_store()
        return
    engine = await open_emptied(place)
    yield open_store(engine)
    await engine.dispose()


def open_store(engine: AsyncEngine) -> Store:
    clock = Clock()
    return Store(
        ledger=SqlLedger(engine, clock=clock),
        open_uploads=SqlOpenUploads(engine, clock=clock),
        outbox=SqlOutbox(engine),
        dead_letters=SqlDeadLetters(engine),
        looks=SqlLooks(engine),
        clock=clock,
    )


def memory_store() -> Store:
    clock = Clock()
    memory = Memory(clock=clock)
    return Store(
        ledger=InMemoryLedger(memory),
        open_uploads=InMemoryOpenUploads(memory),
        outbox=InMemoryOutbox(memory),
        dead_letters=InMemoryDeadLetters(memory),
        looks=InMemoryLooks(memory.looks),
        clock=clock,
    )


def database_of(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql_url")
    return copy_of(request.getfixturevalue("sqlite_template"), tmp_path)


def copy_of(template: Path, folder: Path) -> str:
    path = folder / "ledger.db"
    path.write_bytes(template.read_bytes())
    return f"sqlite:///{path}"


async def open_emptied(url: str) -> AsyncEngine:
    engine = open_database(url)
    if engine.dialect.name == "postgresql":
        tables = ", ".join(table.name for table in metadata.sorted_tables)
        async with writing(engine) as connection:
            # As a replica would: the trigger that keeps decisions from being emptied stays quiet.
            await connection.execute(text("SET LOCAL session_replication_role = replica"))
            await connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    return engine


async def _outside_transactions(server: str, statement: str) -> None:
    engine = open_database(server).execution_options(isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()
