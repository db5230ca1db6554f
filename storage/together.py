"""One question to the database in place of many, where many ask the same of different rows."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Collection


class Together:
    """Tells of single ids whether they are among those that `among` finds; for one event loop.

    There is no timer: who asks while nothing is under way is answered at once, and who asks
    meanwhile waits for the next question, which is about all who wait. Nobody gets an answer to a
    question that was put before their own.
    """

    def __init__(self, among: Callable[[Collection[str]], Awaitable[set[str]]]) -> None:
        self._among = among
        self._waiting: dict[str, asyncio.Future[bool]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def ask(self, key: str) -> bool:
        """Raises: what `among` raises, for all who asked together."""
        answer = self._waiting.get(key)
        if answer is None:
            answer = self._waiting[key] = asyncio.get_running_loop().create_future()
        if self._asking is None:
            nobodys = contextvars.Context()  # it is for many: part of no upload's trace
            self._asking = asyncio.create_task(self._ask_for_all(), context=nobodys)
        return await asyncio.shield(answer)  # others may wait for the same

    async def _ask_for_all(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting, {}
                await self._answer(asked)
        finally:
            self._asking = None

    async def _answer(self, asked: dict[str, asyncio.Future[bool]]) -> None:
        try:
            found = await self._among(asked.keys())
        except Exception as error:  # noqa: BLE001  # theirs who asked
            for answer in asked.values():
                answer.set_exception(error)
                answer.exception()  # who asked may be gone
        except BaseException:
            for answer in asked.values():
                answer.cancel()
            raise
        else:
            for key, answer in asked.items():
                answer.set_result(key in found)
