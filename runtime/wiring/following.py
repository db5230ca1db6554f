"""What keeps an eye on the policy's file, beside who judges by it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from moderation.policy import Policy
from runtime.policy_watch import Follower, PolicyWatch
from runtime.settings import Settings
from runtime.wiring.defects import tell_defect


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
    task.add_done_callback(partial(tell_defect, "policy.defect"))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
