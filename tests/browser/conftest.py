"""Chromium, and a console of its own for each test."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.browser.served import Served, served_console
from tests.browser.visitors import Visitors

# Long, for machines that are busy: what is waited for comes, or the test fails.
expect.set_options(timeout=30_000)
_NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """The system's own browser; only on a developer's machine may it be missing."""
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None and not os.environ.get("CI"):
        pytest.skip("there is no Chromium: apt-get install chromium")
    async with async_playwright() as playwright:
        # Root may not use the sandbox; what is opened here is our own.
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def console(tmp_path: Path) -> AsyncIterator[Served]:
    async with served_console(tmp_path) as served:
        yield served


@pytest_asyncio.fixture(loop_scope="module")
async def visitors(chromium: Browser, console: Served) -> AsyncIterator[Visitors]:
    visitors = Visitors(chromium, console.url)
    yield visitors
    await visitors.leave()
