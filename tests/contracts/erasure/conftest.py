"""The house of every test here, over SQLite and over PostgreSQL."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.contracts.erasure.house import House, a_house


@pytest.fixture
async def house(engine: AsyncEngine) -> House:
    return a_house(engine)
