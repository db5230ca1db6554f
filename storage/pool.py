"""How the connections of a database are used: by whom they are waited for is counted here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import Pool, QueuePool

_WAITING: WeakKeyDictionary[Pool, int] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolUse:
    """Connections that are worked with, how many there may be, and who waits for one."""

    in_use: int
    limit: int
    waiting: int


def pool_use(engine: AsyncEngine) -> PoolUse:
    """How it is now; nothing is asked of the database."""
    pool = engine.pool
    if not isinstance(pool, QueuePool):
        raise TypeError(f"{type(pool).__name__} keeps no connections")
    return PoolUse(in_use=pool.checkedout(), limit=pool.size(), waiting=_WAITING.get(pool, 0))


@contextmanager
def waiting(engine: AsyncEngine) -> Iterator[None]:
    """Count one who waits for a connection, while the block lasts."""
    _WAITING[engine.pool] = _WAITING.get(engine.pool, 0) + 1
    try:
        yield
    finally:
        _WAITING[engine.pool] -= 1
