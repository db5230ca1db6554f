"""Along which index each question is answered, where there are many verdicts."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.search_questions import QUESTIONS, WHO
from benchmarks.search_rows import FIRST, LAST, fill
from storage.database import open_database
from storage.search.database import SqlUploadSearch
from storage.search.ports import MOST_COUNTED, Place, Span
from tests.contracts.conftest import open_emptied
from tests.contracts.plans import plan_of_words
from tests.parts.loops import run

ROWS = 200_000
MIDDLE = Place(decided_at=FIRST + (LAST - FIRST) / 2, verdict_id="8")
READ_THROUGH = r"Seq Scan on (verdicts|uploads|verdict_terms|standing_decisions)"
SORTED = r"Sort  \(cost"


# Rows are made once, which takes a while on a busy machine.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def filled_url(postgresql_url: str) -> str:
    async def filled() -> None:
        await (await open_emptied(postgresql_url)).dispose()
        engine = open_database(postgresql_url, statement_seconds=600.0)
        await fill(engine, ROWS)
        await engine.dispose()

    run(filled())
    return postgresql_url


@pytest.fixture
async def filled(filled_url: str) -> AsyncIterator[AsyncEngine]:
    engine = open_database(filled_url)
    yield engine
    await engine.dispose()


@pytest.fixture
def asked(filled: AsyncEngine) -> list[tuple[str, object]]:
    """Every statement from now on, with its parameters."""
    return _noted(filled)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("question", QUESTIONS)
async def test_a_page_is_read_in_order_along_an_index(
    filled: AsyncEngine, asked: list[tuple[str, object]], question: str, who: str
) -> None:
    search, which, tenants = SqlUploadSearch(filled), QUESTIONS[question], WHO[who]
    await search.find(which, tenants, limit=50)
    await search.find(which, tenants, start=MIDDLE, limit=50)

    for statement, parameters in tuple(asked):
        plan = await plan_of_words(filled, statement, parameters, of_few_rows=False)
        assert not re.search(READ_THROUGH, plan)
        assert which.upload_id or not re.search(SORTED, plan)  # one row is sorted soon


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("question", QUESTIONS)
async def test_no_table_is_read_through_to_count(
    filled: AsyncEngine, asked: list[tuple[str, object]], question: str, who: str
) -> None:
    search = SqlUploadSearch(filled)
    counts = await search.counts(QUESTIONS[question], WHO[who])
    await search.over_time(QUESTIONS[question], WHO[who], per=Span.DAY)

    assert counts.is_whole or sum(counts.by_label.values()) <= MOST_COUNTED
    for statement, parameters in tuple(asked):
        plan = await plan_of_words(filled, statement, parameters, of_few_rows=False)
        assert not re.search(READ_THROUGH, plan)


async def test_what_is_never_together_is_looked_for_in_pieces(filled: AsyncEngine) -> None:
    search, which, tenants = (
        SqlUploadSearch(filled),
        QUESTIONS["never together"],
        WHO["all tenants"],
    )
    first = await search.find(which, tenants, limit=50)
    assert len(first.found) < 50
    assert first.further is not None

    places = [first.further]
    found = len(first.found)
    while places[-1] is not None:
        results = await search.find(which, tenants, start=places[-1], limit=50)
        places.append(results.further)
        found += len(results.found)

    moments = [place.decided_at for place in places if place is not None]
    assert moments == sorted(moments, reverse=True)
    assert found > 0


async def test_sqlite_reads_no_table_through_either(sqlite_url: str) -> None:
    engine = open_database(sqlite_url)
    search, statements = SqlUploadSearch(engine), _noted(engine)
    for which in QUESTIONS.values():
        for tenants in WHO.values():
            await search.find(which, tenants, start=MIDDLE, limit=50)
            await search.counts(which, tenants)

    for statement, parameters in tuple(statements):
        if statement.startswith("SELECT"):
            plan = await plan_of_words(engine, statement, parameters)
            assert not re.search(
                r"SCAN (verdicts|verdict_terms|uploads|standing_decisions)(?! USING)", plan
            )
    await engine.dispose()


def _noted(engine: AsyncEngine) -> list[tuple[str, object]]:
    statements: list[tuple[str, object]] = []

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def note(*said: object) -> None:
        statements.append((str(said[2]), said[3]))

    return statements
