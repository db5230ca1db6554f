"""Says when work beside what serves ended by an error: nobody waits for it to hear of that."""

from __future__ import annotations

import asyncio

import structlog

log = structlog.get_logger()


def tell_defect(event: str, task: asyncio.Task[None]) -> None:
    """Log what a task that was not to end raised: a callback for when it is done."""
    if not task.cancelled() and task.exception() is not None:
        log.error(event, exc_info=task.exception())
