"""Work of which one process takes its turn at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from moderation.errors import TurnLost, Unavailable
from storage.retention.ports import Lease


@asynccontextmanager
async def turn(lease: Lease, work: str, *, within: timedelta) -> AsyncIterator[bool]:
    """Whether this process has its turn at the work; whatever ends it, the next may begin at once.

    Only one that dies, or cannot reach the database any more, is waited for.

    Raises:
        LedgerUnavailable.
    """
    taken = await lease.take(work, within=within)
    try:
        yield taken
    finally:
        if taken:
            with suppress(Unavailable):  # it ends by itself
                await lease.give_back(work)


async def keep(lease: Lease, work: str, *, within: timedelta) -> None:
    """Let this process's turn at a work go on for that long, between two of its steps.

    Raises:
        TurnLost: it was over, and another process has its turn.
        LedgerUnavailable.
    """
    if not await lease.take(work, within=within):
        raise TurnLost(f"another process goes on with this one's work: {work}")
