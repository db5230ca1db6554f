"""How long look-alikes take to be found: `python -m benchmarks.look_index DATABASE_URL 1000000`.

Fills an empty database with random looks, eight an upload, then asks for some of them with 20
bits changed. Processor time is that of this process: with PostgreSQL, of the client alone.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.looks import MOST_LOOKS, Look
from moderation.upload import Lane, Upload
from storage import schema
from storage.database import open_database, writing
from storage.looks.database import SqlLooks, look_row
from storage.looks.tables import looks, seen_media
from storage.rows import upload_row
from storage.tables import uploads

_TENANT = "bench"
_QUESTIONS = 100
_CHANGED = 20
_BLOCK = 1000  # uploads a transaction


async def main(url: str, count: int) -> None:
    """Print the build's time, then the questions' in milliseconds."""
    await schema.upgrade(url)
    engine = open_database(url, statement_seconds=600.0)
    rng = np.random.default_rng(1)
    hashes = rng.integers(0, 256, (count, 32), np.uint8)
    started = time.perf_counter()
    for block in _blocks(hashes):
        await _write(engine, *block)
    await _settle(engine)
    print(f"{count} looks written in {time.perf_counter() - started:.0f} s")
    wall, processor = await _ask(SqlLooks(engine), hashes, rng)
    for name, took in (("wall", wall), ("processor", processor)):
        p50, p95 = np.percentile(took, [50, 95])
        print(f"{name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms")
    await engine.dispose()


def _blocks(hashes: NDArray[np.uint8]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """The number of the first upload, and the hashes of all (N 32)."""
    step = _BLOCK * MOST_LOOKS
    for start in range(0, len(hashes), step):
        yield start // MOST_LOOKS, hashes[start : start + step]


async def _settle(engine: AsyncEngine) -> None:
    """Let the database do what it does by itself after a while (PostgreSQL's autovacuum)."""
    tidy = "ANALYZE" if engine.dialect.name == "sqlite" else "VACUUM (ANALYZE)"
    async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(text(tidy))


async def _write(engine: AsyncEngine, first: int, hashes: NDArray[np.uint8]) -> None:
    now = datetime.now(UTC)
    ids = [_upload_id(first + number) for number in range(-(-len(hashes) // MOST_LOOKS))]
    sent = [
        Upload(
            upload_id=each, tenant=_TENANT, lane=Lane.BACKFILL, uri="store:///a", announced_at=now
        )
        for each in ids
    ]
    async with writing(engine) as connection:
        rows = [{**upload_row(each), "deadline_at": now} for each in sent]
        await connection.execute(uploads.insert(), rows)
        seen = [
            {"upload_id": each, "tenant": _TENANT, "sha256": each[-64:], "looks_held_by": each}
            for each in ids
        ]
        await connection.execute(seen_media.insert(), seen)
        await connection.execute(
            looks.insert(),
            [
                look_row(ids[number // MOST_LOOKS], _TENANT, _look(each))
                for number, each in enumerate(hashes)
            ],
        )


async def _ask(
    kept: SqlLooks, hashes: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[list[float], list[float]]:
    """Wall and processor time of each question, in milliseconds."""
    wall, processor = [], []
    for number in rng.integers(0, len(hashes), _QUESTIONS):
        bits = np.unpackbits(hashes[number])
        bits[rng.choice(bits.size, _CHANGED, replace=False)] ^= 1
        asked = _look(np.packbits(bits))
        started, used = time.perf_counter(), time.process_time()
        found = await kept.alike(_TENANT, asked, limit=50)
        wall.append((time.perf_counter() - started) * 1000)
        processor.append((time.process_time() - used) * 1000)
        if found[0].upload_id != _upload_id(int(number) // MOST_LOOKS):
            raise AssertionError(f"look {number} was not found")
    return wall, processor


def _upload_id(number: int) -> str:
    return f"bench-{number:030d}"


def _look(pdq: NDArray[np.uint8]) -> Look:
    return Look(pdq=pdq.tobytes().hex(), quality=100)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
