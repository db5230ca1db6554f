"""How many bytes an upload leaves: on the broker, in the database, and in the media store."""

from __future__ import annotations

import asyncio
from pathlib import Path
from stat import S_ISREG

import asyncpg

from benchmarks.speed.stack import Stream


class Written:
    """What a stream's uploads write while a block lasts, by where it lies.

    A broker's bytes are those of one replica, as they are compressed; the database's are whole
    pages of tables and indexes, without its log.
    """

    def __init__(self, stream: Stream, broker: Path, before: dict[str, int]) -> None:
        self._stream = stream
        self._broker = broker
        self._before = before

    async def bytes(self) -> dict[str, int]:
        now = await sizes(self._stream, self._broker)
        return {place: max(0, size - self._before[place]) for place, size in now.items()}


async def begin(stream: Stream, broker: Path) -> Written:
    """Look at what lies there now; `broker` is the folder of the broker's logs."""
    return Written(stream, broker, await sizes(stream, broker))


async def sizes(stream: Stream, broker: Path) -> dict[str, int]:
    connection = await asyncpg.connect(stream.database)
    try:
        database = await connection.fetchval("SELECT pg_database_size(current_database())")
    finally:
        await connection.close()
    return {
        "Kafka": await asyncio.to_thread(_of, broker, f"{stream.topics.prefix}*/*.log"),
        "PostgreSQL": int(database),
        "media store": await asyncio.to_thread(_of, stream.deployment.folder / "media", "**/*"),
    }


def _of(folder: Path, pattern: str) -> int:
    return sum(_size(file) for file in folder.glob(pattern))


def _size(file: Path) -> int:
    try:
        status = file.stat()
    except FileNotFoundError:  # a segment that was rolled, or an object put in its place
        return 0
    return status.st_size if S_ISREG(status.st_mode) else 0
