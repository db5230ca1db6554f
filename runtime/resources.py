"""What a process has of the database and of disks, for whoever scrapes it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from monitoring import metrics
from runtime.settings import Settings
from storage.pool import pool_use

_EVERY_SECONDS = 15.0


def watch_pool(engine: AsyncEngine) -> None:
    """Have every scrape look at the pool itself: a queue comes and goes between two looks."""
    metrics.DATABASE_IN_USE.set_function(lambda: pool_use(engine).in_use)
    metrics.DATABASE_LIMIT.set_function(lambda: pool_use(engine).limit)
    metrics.DATABASE_WAITING.set_function(lambda: pool_use(engine).waiting)


def folders(settings: Settings) -> Mapping[str, Path]:
    """Where we write on disks, by a name of the closed set `state`, `media`."""
    store = settings.media.store.removeprefix("file://")
    return {"state": settings.state} | ({} if "://" in store else {"media": Path(store)})


async def watch_disks(watched: Mapping[str, Path]) -> None:
    """Keep the disks' metrics until cancelled."""
    while True:
        for name, folder in watched.items():
            await asyncio.to_thread(_measure, name, folder)
        await asyncio.sleep(_EVERY_SECONDS)


def _measure(name: str, folder: Path) -> None:
    """Ask the disk; a folder that is not there yet will be made on that of the one above it."""
    above = (folder.absolute(), *folder.absolute().parents)
    try:
        there = next(one for one in above if one.exists())
        usage = shutil.disk_usage(there)
    except OSError:
        return  # the folder's disk is away: whoever writes to it says so
    metrics.DISK_FREE_BYTES.labels(name).set(usage.free)
    metrics.DISK_SIZE_BYTES.labels(name).set(usage.total)
