"""The review ports over memory, a SQLite file and a real PostgreSQL, empty for every test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.review import ReviewPlan
from tests.contracts.conftest import open_emptied
from tests.contracts.reviews.desk import PLAN, Desk, memory_desk, sql_desk

OpenDesk = Callable[..., Desk]


@pytest.fixture
async def open_desk(place: str) -> AsyncIterator[OpenDesk]:
    """Makes a desk whose plan differs in what is named."""
    engine: AsyncEngine | None = None if place == "memory" else await open_emptied(place)

    def make(**changes: object) -> Desk:
        plan: ReviewPlan = replace(PLAN, **changes)
        return memory_desk(plan) if engine is None else sql_desk(engine, plan)

    yield make
    if engine is not None:
        await engine.dispose()


@pytest.fixture
def desk(open_desk: OpenDesk) -> Desk:
    return open_desk()
