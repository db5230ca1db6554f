"""Migrations and tables say the same, in SQLite and in PostgreSQL."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from storage import schema
from storage.database import open_database, reading, writing
from storage.tables import metadata

POSTGRESQL_SCHEMA = """
SELECT 'index', indexname::text, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conname::text, pg_get_constraintdef(oid)
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'column', table_name || '.' || column_name,
  concat_ws(' ', data_type, character_maximum_length, is_nullable, column_default)
  FROM information_schema.columns WHERE table_schema = 'public'
"""
# SQLite keeps the words of a table as they were given, and adds later columns on one line: it is
# taken apart at commas that stand in no brackets, and at the ends of lines.
CLAUSES = re.compile(r",\s*(?![^(]*\))|\n")
SQLITE_SCHEMA = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"


async def described(engine: AsyncEngine) -> dict[tuple[str, str], object]:
    """Every index, constraint and column as the database itself describes it."""
    sqlite = engine.dialect.name == "sqlite"
    async with reading(engine) as connection:
        found = await connection.execute(text(SQLITE_SCHEMA if sqlite else POSTGRESQL_SCHEMA))
        return {
            (kind, name): sorted(clause.strip(" ,\n\t()") for clause in CLAUSES.split(words))
            for kind, name, words in found
            if "alembic_version" not in f"{name} {words}"
        }


async def test_the_tables_of_the_migrations_are_those_of_the_code(engine: AsyncEngine) -> None:
    migrated = await described(engine)
    async with writing(engine) as connection:
        await connection.run_sync(metadata.drop_all)
        await connection.run_sync(metadata.create_all)
    try:
        assert await described(engine) == migrated
    finally:
        await _remigrate(engine)


async def test_alembic_finds_nothing_to_do(engine: AsyncEngine) -> None:
    def differences(connection: Connection) -> object:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, metadata)

    async with reading(engine) as connection:
        assert await connection.run_sync(differences) == []


async def test_a_migrated_database_is_current_and_migrating_again_changes_nothing(
    database: str,
) -> None:
    await schema.upgrade(database)

    assert await schema.current(database) == schema.newest()


async def test_an_empty_database_has_no_revision(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'empty.db'}"

    assert await schema.current(url) is None


async def test_several_processes_may_migrate_at_once(engine: AsyncEngine, database: str) -> None:
    await _drop_everything(engine)

    await asyncio.gather(*(schema.upgrade(database) for _ in range(3)))

    assert await schema.current(database) == schema.newest()


async def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    engine = open_database(url)
    async with writing(engine) as connection:
        await connection.execute(text("CREATE TABLE dead_letters (in_the_way INTEGER)"))

    with pytest.raises(Exception, match="dead_letters"):
        await schema.upgrade(url)

    assert list(await described(engine)) == [("table", "dead_letters")]
    await engine.dispose()


async def _drop_everything(engine: AsyncEngine) -> None:
    async with writing(engine) as connection:
        await connection.run_sync(metadata.drop_all)
        await connection.execute(text("DROP TABLE alembic_version"))


async def _remigrate(engine: AsyncEngine) -> None:
    await _drop_everything(engine)
    await schema.upgrade(engine.url.render_as_string(hide_password=False))
