"""A database as it was at an earlier migration."""

from __future__ import annotations

from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from storage import schema
from storage.database import open_database, writing
from storage.tables import metadata


async def open_at(database: str, revision: str) -> AsyncEngine:
    """Empty tables of that revision; whoever asks migrates to the newest one in the end."""
    engine = open_database(database)
    async with writing(engine) as connection:
        await connection.run_sync(metadata.drop_all)
        await connection.execute(text("DROP TABLE alembic_version"))
    async with writing(engine) as connection:
        await connection.run_sync(_migrate, revision)
    return engine


def _migrate(connection: Connection, revision: str) -> None:
    command.upgrade(schema._config(connection), revision)
