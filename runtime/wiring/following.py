"""What keeps an eye on the policy's file, beside who judges by it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from moderation.policy import Policy
from runtime.policy_watch import Follower, PolicyWatch
from runtime.settings import Settings


@asynccontextmanager
async def following(
    settings: Settings,
    in_force: Policy,
    *who: Follower,
    read: Callable[[Path], Policy],
    judges: bool = True,
) -> AsyncIterator[None]:
    """Follow the policy's file while the block lasts; the packaged policy never changes."""
    if settings.policy is None:
        yield
        return
    watch = PolicyWatch(settings.policy, in_force, read=read, who=who, judges=judges)
    every = settings.policy_every.total_seconds()
    task = asyncio.create_task(watch.run(every_seconds=every))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
