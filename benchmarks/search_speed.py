"""How long searches take: `python -m benchmarks.search_speed DATABASE_URL 1000000`.

Fills an empty PostgreSQL with made-up verdicts (see `benchmarks.search_rows`), unless it has that
many, and asks each question of `benchmarks.search_questions` for each kind of person: the first
page, a page from a place by chance on, and the counts of labels. Times are those of the port in
this process, with the database on the same machine.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import numpy as np
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.machine import commit, load, told
from benchmarks.search_questions import QUESTIONS, WHO
from benchmarks.search_rows import FIRST, LAST, fill
from moderation.people import Tenants
from storage import schema
from storage.database import open_database, reading
from storage.search.database import SqlUploadSearch
from storage.search.ports import Place, Span, Wanted
from storage.tables import verdicts

PAGE = 50
TIMES = 20
PROMISED_MS = 200.0
_FACTS = """
SELECT version(), pg_size_pretty(pg_database_size(current_database())),
  current_setting('shared_buffers')
"""


async def main(url: str, count: int) -> None:
    """Print what was measured on, then the median and the 95th percentile of every question."""
    await schema.upgrade(url)
    engine = open_database(url, statement_seconds=3600.0)
    async with reading(engine) as connection:
        kept = await connection.scalar(select(func.count()).select_from(verdicts))
    if kept != count:
        started = time.perf_counter()
        await fill(engine, count)
        print(f"{count} verdicts made in {time.perf_counter() - started:.0f} s")
    print(await _facts(engine, count))
    print(f"\np50 / p95 of {TIMES}, in milliseconds".ljust(49), end="")
    print("first page".rjust(14), "by chance".rjust(14), "counts".rjust(14))
    search = SqlUploadSearch(engine)
    slow = asked = 0
    for question, which in QUESTIONS.items():
        for who, tenants in WHO.items():
            measured = await _ask(search, which, tenants)
            cells = [f"{p50:.0f} / {p95:.0f}".rjust(14) for p50, p95 in measured]
            print(f"{question}, {who}".ljust(48), *cells, flush=True)
            asked += len(measured)
            slow += sum(p95 >= PROMISED_MS for _, p95 in measured)
    for who, tenants in WHO.items():
        p50, p95 = await _timed(partial(_last_month, search, tenants))
        print(f"a month by the day, {who}".ljust(48), f"{p50:.0f} / {p95:.0f}".rjust(14))
    print(f"\np95 under {PROMISED_MS:.0f} ms: {asked - slow} of {asked}")
    print(f"load when done: {load()}")
    await engine.dispose()


async def _ask(
    search: SqlUploadSearch, which: Wanted, tenants: Tenants
) -> list[tuple[float, float]]:
    chance = random.Random(1)

    def by_chance() -> Place:
        return Place(decided_at=FIRST + (LAST - FIRST) * chance.random(), verdict_id="8")

    return [
        await _timed(lambda: search.find(which, tenants, limit=PAGE)),
        await _timed(lambda: search.find(which, tenants, start=by_chance(), limit=PAGE)),
        await _timed(lambda: search.counts(which, tenants)),
    ]


async def _last_month(search: SqlUploadSearch, tenants: Tenants) -> object:
    return await search.over_time(Wanted(since=LAST - timedelta(days=30)), tenants, per=Span.DAY)


async def _timed(ask: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """Median and 95th percentile in milliseconds; the first time, which plans, is not counted."""
    await ask()
    took = []
    for _ in range(TIMES):
        started = time.perf_counter()
        await ask()
        took.append((time.perf_counter() - started) * 1000)
    p50, p95 = np.percentile(took, [50, 95])
    return float(p50), float(p95)


async def _facts(engine: AsyncEngine, count: int) -> str:
    async with reading(engine) as connection:
        version, size, buffers = (await connection.execute(text(_FACTS))).one()
    return (
        f"{count} verdicts, {size}; {version.split(' on ')[0]}, shared_buffers {buffers}\n"
        + told(of=commit())
    )


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
