"""Brings a database's tables up to date, and says how far they are."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from ssl import SSLContext

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.database import open_database, reading, writing

_SCRIPTS = Path(__file__).parent / "migrations"

# Any number will do, as long as nothing else in the database locks it.
_LOCK = 5_271_009


async def upgrade(url: str, *, tls: SSLContext | None = None) -> None:
    """Run the migrations that are missing, all or none; several processes may try at once.

    Raises:
        LedgerUnavailable: the database cannot be reached, or refuses.
        InvalidConfiguration: see `storage.database.database_url`.
    """
    engine = open_database(
        url, tls=tls, connections=1, patience_seconds=60.0, statement_seconds=3600.0
    )
    try:
        async with writing(engine) as connection:
            if connection.dialect.name == "postgresql":
                # Another one's migration may take longer than a statement waits for its locks.
                await connection.execute(text("SET LOCAL lock_timeout = 0"))
                await connection.execute(
                    text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK}
                )
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


async def current(url: str, *, tls: SSLContext | None = None) -> str | None:
    """The revision that the database has; None when it has no tables yet.

    Raises: as `upgrade`.
    """
    engine = open_database(url, tls=tls, connections=1)
    try:
        return await current_of(engine)
    finally:
        await engine.dispose()


async def current_of(engine: AsyncEngine) -> str | None:
    """As `current`, over connections that are open already."""
    async with reading(engine) as connection:
        return await connection.run_sync(_revision)


def newest() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: Connection) -> None:
    command.upgrade(_config(connection), "head")


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    return config


async def _draft(url: str, message: str) -> None:
    engine = open_database(url, connections=1)
    async with writing(engine) as connection:
        await connection.run_sync(
            lambda sync: command.revision(_config(sync), message, autogenerate=True)
        )
    await engine.dispose()


if __name__ == "__main__":  # developers: python -m storage.schema URL "what changes"
    asyncio.run(_draft(sys.argv[1], sys.argv[2]))
