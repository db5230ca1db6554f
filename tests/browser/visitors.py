"""People before the console, each with a browser of their own."""

from __future__ import annotations

import re
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.unit.console.house import PASSWORD


class Visitors:
    """Opens browsers that share nothing, and closes them."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._url = url
        self._open: list[BrowserContext] = []

    async def stranger(self, **options: Any) -> Page:
        """A page of a browser that never was here."""
        context = await self._browser.new_context(base_url=self._url, **options)
        context.set_default_timeout(30_000)
        self._open.append(context)
        return await context.new_page()

    async def signed_in(self, name: str, **options: Any) -> Page:
        """Somebody at the start page, after they typed their name and PASSWORD."""
        page = await self.stranger(**options)
        await sign_in(page, name)
        return page

    async def leave(self) -> None:
        for context in self._open:
            await context.close()


async def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    await page.goto("/sign-in")
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(password)
    await page.keyboard.press("Enter")
    await arrive(page, "What you may do")


async def arrive(page: Page, heading: str) -> None:
    """Wait until a page is there and its scripts are, so that keys do something.

    One heading of it begins with those words.
    """
    named = re.compile(f"^{re.escape(heading)}")
    await expect(page.get_by_role("heading", name=named)).to_be_visible()
    await page.wait_for_load_state()
