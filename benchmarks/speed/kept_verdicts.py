"""What a search and one more verdict take among so many verdicts that are kept already."""

from __future__ import annotations

import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from statistics import median

from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.search_questions import QUESTIONS
from benchmarks.search_rows import fill
from benchmarks.speed.stubs import PREPROCESSING, URI, extraction
from moderation.looks import Look
from moderation.people import ALL_TENANTS
from moderation.upload import Lane, Upload
from runtime.policies import load_policy
from storage import schema
from storage.database import open_database
from storage.ledger import SqlLedger
from storage.search.database import SqlUploadSearch
from storage.search.ports import Wanted
from streams.judging import Judge
from streams.messages import UploadScored
from streams.record import Record
from streams.topics import Topics
from tests.parts.deployment import fresh_database
from tests.parts.postgres import Postgres

_PAGE = 50
_TIMES, _RECORDED = 5, 50  # of each question, and of uploads


class KeptVerdicts:
    """Databases of made-up verdicts, each filled when its size is first asked for."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres
        self._engines: dict[int, AsyncEngine] = {}

    async def measure(self, verdicts: float) -> Mapping[str, float]:
        """Milliseconds of a search's first page, the median and the most of all questions that
        `benchmarks.search_questions` has; and of writing one more verdict, with what is known of
        its upload, but without looking for look-alikes: made-up verdicts have no looks.
        """
        count = int(verdicts)
        if count not in self._engines:
            self._engines[count] = await self._filled(count)
        engine = self._engines[count]
        pages = await _first_pages(engine)
        return {
            "ms a search": median(pages),
            "ms the slowest search": max(pages),
            "ms a verdict": await _recorded(engine),
        }

    async def aclose(self) -> None:
        for engine in self._engines.values():
            await engine.dispose()

    async def _filled(self, count: int) -> AsyncEngine:
        url = await fresh_database(self._postgres)
        await schema.upgrade(url)
        engine = open_database(url, statement_seconds=3600.0)
        await fill(engine, count)
        return engine


async def _first_pages(engine: AsyncEngine) -> list[float]:
    search = SqlUploadSearch(engine)

    def asking(which: Wanted) -> Callable[[], Awaitable[object]]:
        return lambda: search.find(which, ALL_TENANTS, limit=_PAGE)

    return [await _median_ms([asking(which)] * _TIMES) for which in QUESTIONS.values()]


async def _recorded(engine: AsyncEngine) -> float:
    record = Record(
        SqlLedger(engine), Judge(load_policy(None), {}, pipeline="bench"), Topics("bench")
    )
    return await _median_ms(partial(record, _scored()) for _ in range(_RECORDED))


def _scored() -> UploadScored:
    """An upload of its own bytes and look, without a face: no model has a say."""
    upload = Upload(
        upload_id=str(uuid.uuid4()),
        tenant="tenant-0",
        lane=Lane.LIVE,
        uri=URI,
        announced_at=datetime.now(UTC),
    )
    return UploadScored(
        upload=upload,
        preprocessing=PREPROCESSING,
        media=replace(extraction().facts, sha256=uuid.uuid4().hex * 2),
        looks=(Look(pdq=uuid.uuid4().hex * 2, quality=100),),
    )


async def _median_ms(asked: Iterable[Callable[[], Awaitable[object]]]) -> float:
    """Of all but the first, which plans."""
    took = []
    for ask in asked:
        started = time.perf_counter()
        await ask()
        took.append((time.perf_counter() - started) * 1000)
    return median(took[1:])
