"""Keeps a replay from standing in the way: what it writes leaves by the outbox of live verdicts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from storage.ports import Outbox

# A live verdict that comes now waits for the relay to publish no more than these and a page.
MOST_WAITING = 1_000
_PAUSE_SECONDS = 0.5


def room_in(
    outbox: Outbox,
    *,
    say: Callable[[int], None] = lambda waiting: None,
    most: int = MOST_WAITING,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Callable[[], Awaitable[None]]:
    """Make what waits until at most `most` messages are in the outbox; `say` is told how many are.

    Without a relay that publishes them it waits for ever.
    """

    async def room() -> None:
        while True:
            waiting, _ = await outbox.backlog()
            if waiting <= most:
                return
            say(waiting)
            await pause(_PAUSE_SECONDS)

    return room
