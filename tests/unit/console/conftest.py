"""A console over fakes, and who looks at it."""

from __future__ import annotations

import httpx
import pytest

from moderation.people import Role
from tests.unit.console.review import ReviewHouse


@pytest.fixture
def house() -> ReviewHouse:
    return ReviewHouse()


@pytest.fixture
async def viewer(house: ReviewHouse) -> httpx.AsyncClient:
    return await house.browser_of(await house.person(Role.VIEWER, "vic"))


@pytest.fixture
async def moderator(house: ReviewHouse) -> httpx.AsyncClient:
    return await house.browser_of(await house.person(Role.MODERATOR, "ann"))
