"""How the connections of a database are used: who waits for one, and whether it still answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from weakref import WeakKeyDictionary

from sqlalchemy import event, exc
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry, Pool, QueuePool

_RETURNED = "returned"
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


def replace_the_closed(engine: AsyncEngine, *, idle_seconds: float) -> None:
    """Let the pool open others where PostgreSQL closed a connection: after a restart, say.

    What asyncpg was told of is known at once; a connection that lay idle that long is asked.
    SQLAlchemy's own `pool_pre_ping` asks before every use, which with asyncpg are three questions,
    as many as most uses have. One that broke unheard fails its user, who tries again.
    """
    pool, dialect = engine.sync_engine.pool, engine.dialect

    def returned(_connection: object, entry: ConnectionPoolEntry) -> None:
        entry.info[_RETURNED] = monotonic()

    def taken(connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: object) -> None:
        driver = entry.driver_connection
        if driver is not None and driver.is_closed():
            raise exc.InvalidatePoolError("the database closed a connection")
        since = entry.info.get(_RETURNED)
        if since is None or monotonic() - since < idle_seconds:
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise exc.InvalidatePoolError("the database does not answer") from error

    event.listen(pool, "checkin", returned)
    event.listen(pool, "checkout", taken)
