"""Who goes next where places are few: the urgent first, and one place is kept free for them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Lanes:
    """A number of places, for one event loop.

    Those that are not urgent never take the last free place, unless it is the only
    one there is; so an urgent one finds a place free, or is the next to get one.
    """

    def __init__(self, places: int) -> None:
        self._free = places
        self._kept_free = 1 if places > 1 else 0
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._patient: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def place(self, *, urgent: bool) -> AsyncIterator[None]:
        """Hold a place; it is given on when the context ends."""
        await self._wait(self._urgent if urgent else self._patient)
        try:
            yield
        finally:
            self._free += 1
            self._give()

    async def _wait(self, queue: deque[asyncio.Future[None]]) -> None:
        turn = asyncio.get_running_loop().create_future()
        queue.append(turn)
        self._give()
        try:
            await turn
        except asyncio.CancelledError:
            if turn in queue:
                queue.remove(turn)
            elif not turn.cancelled():  # the place came in the very moment nobody wanted it
                self._free += 1
            self._give()
            raise

    def _give(self) -> None:
        while self._urgent and self._free > 0:
            self._take(self._urgent)
        while self._patient and not self._urgent and self._free > self._kept_free:
            self._take(self._patient)

    def _take(self, queue: deque[asyncio.Future[None]]) -> None:
        turn = queue.popleft()
        if not turn.done():
            self._free -= 1
            turn.set_result(None)
