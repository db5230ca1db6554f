"""Opens the ledger's database, and turns its drivers' errors into Veriscope's in one place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
    nullcontext,
)
from datetime import UTC, datetime
from pathlib import Path
from ssl import SSLCertVerificationError, SSLContext
from typing import Any
from weakref import WeakKeyDictionary

import asyncpg
from sqlalchemy import Engine, event, exc
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from moderation.errors import (
    Inconsistent,
    InvalidConfiguration,
    LedgerContended,
    LedgerUnavailable,
)
from storage.looks.bands import bits_apart
from storage.pool import replace_the_closed, waiting
from storage.sqlite import connect
from storage.translation import ErrorTable, first_line, translated

_TURNS: WeakKeyDictionary[Engine, asyncio.Lock] = WeakKeyDictionary()

_IDLE_SECONDS = 1.0  # after which a connection may have been closed without our knowing
_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}

# First match wins. What the database refuses because of the values or the statement
# that it was given is ours, and repeating it would fail again; all else may pass.
# ProgrammingError is the exception: PostgreSQL says so where a table is not migrated yet
# or a privilege was taken away, which SQLite calls OperationalError.
FOREIGN_ERRORS: ErrorTable = (
    (exc.IntegrityError, Inconsistent),
    (exc.DataError, Inconsistent),
    (exc.DBAPIError, LedgerUnavailable),
    (exc.TimeoutError, LedgerUnavailable),
    (exc.PendingRollbackError, LedgerUnavailable),
    (exc.ResourceClosedError, LedgerUnavailable),
    (exc.DisconnectionError, LedgerUnavailable),
    (exc.SQLAlchemyError, Inconsistent),
    # SQLAlchemy lets through what asyncpg raises while a connection is being opened.
    (asyncpg.PostgresError, LedgerUnavailable),
    (asyncpg.InterfaceError, LedgerUnavailable),
    (asyncpg.InternalClientError, LedgerUnavailable),
    # A value that cannot become a row, or a row that cannot become a value: half a surrogate pair,
    # or a verdict whose fields are no longer those that were written.
    (ValueError, Inconsistent),
    (TimeoutError, LedgerUnavailable),
    (OSError, LedgerUnavailable),
)

# "Data exception" and "integrity constraint violation". For the first SQLAlchemy's asyncpg dialect
# has no class of its own, so a refused value comes as a plain DBAPIError:
# <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
_REFUSED = frozenset({"22", "23"})
_CONTENDED = frozenset({"40P01", "55P03"})  # a deadlock; a lock that was waited for too long


def now_utc() -> datetime:
    return datetime.now(UTC)


def database_url(url: str) -> URL:
    """Parse an address of a database and fill in the asynchronous driver.

    Raises:
        InvalidConfiguration: it is no address, or of a database other than
            SQLite and PostgreSQL. The message never repeats the address: it may hold a password.
    """
    try:
        parsed = make_url(url)
    except (exc.ArgumentError, ValueError):
        # Not `from` it: its message may quote a part of a password as the port.
        raise InvalidConfiguration("the database's address cannot be parsed") from None
    driver = _DRIVERS.get(parsed.drivername)
    if driver is None:
        raise InvalidConfiguration(f"no database of kind {parsed.drivername} is supported")
    if driver.startswith("sqlite") and parsed.database in (None, "", ":memory:"):
        raise InvalidConfiguration("SQLite needs a file: every connection must see the same rows")
    return parsed.set(drivername=driver)


def open_database(
    url: str,
    *,
    tls: SSLContext | None = None,
    connections: int = 8,
    patience_seconds: float = 5.0,
    statement_seconds: float = 15.0,
) -> AsyncEngine:
    """Make the engine of a SQLite file or a PostgreSQL database; nothing connects yet.

    With `tls` PostgreSQL is spoken to in no other way. At most `connections` are open.
    `patience_seconds` bounds each wait: for a connection, for a lock, for the server's greeting.
    PostgreSQL ends a statement after `statement_seconds` and a forgotten transaction after twice
    that.

    Raises:
        InvalidConfiguration: see `database_url`; or TLS is asked for on the way to a file, or there
            is no folder for it.
    """
    parsed = database_url(url)
    sqlite = parsed.drivername.startswith("sqlite")
    if sqlite and tls is not None:
        raise InvalidConfiguration("SQLite is a file: TLS is for PostgreSQL")
    if sqlite:
        _check_folder(str(parsed.database))
    engine = create_async_engine(
        parsed,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=patience_seconds,
        pool_recycle=1800,
        connect_args={"timeout": patience_seconds, "async_creator_fn": connect}
        if sqlite
        else _postgresql_arguments(patience_seconds, statement_seconds, tls),
    )
    if sqlite:
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    else:
        replace_the_closed(engine, idle_seconds=_IDLE_SECONDS)
    return engine


def _check_folder(file: str) -> None:
    folder = Path(file).parent
    if not file.startswith("file:") and not folder.is_dir():  # an address is SQLite's to read
        raise InvalidConfiguration(f"SQLite's file cannot be made: there is no folder {folder}")


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection to read with, and no transaction: each statement sees what is committed by then.

    Raises:
        LedgerUnavailable: the database cannot be reached.
    """
    with database_errors():
        async with AsyncExitStack() as stack:
            with waiting(engine):
                connection = await stack.enter_async_context(engine.connect())
            if engine.dialect.name == "postgresql":  # beginning and ending one are two questions
                await connection.execution_options(isolation_level="AUTOCOMMIT")
            yield connection


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection in a transaction that commits when the block ends, and rolls back if it raises.

    Raises:
        LedgerUnavailable: the database cannot be reached, or refuses to write.
        LedgerContended: what another transaction writes was waited for too long.
        Inconsistent: it refuses what is written: a value that does not fit, or a broken rule.
    """
    async with _turn(engine):
        with database_errors():
            async with AsyncExitStack() as stack:
                with waiting(engine):
                    connection = await stack.enter_async_context(engine.connect())
                await stack.enter_async_context(connection.begin())
                if engine.dialect.name == "sqlite":
                    await connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection


async def wait_for_locks(connection: AsyncConnection, *, seconds: float) -> None:
    """No longer than that, in this transaction; SQLite's one writer waited before it began."""
    if connection.dialect.name == "postgresql":
        milliseconds = round(seconds * 1000)
        await connection.exec_driver_sql(f"SET LOCAL lock_timeout = {milliseconds}")


@contextmanager
def database_errors() -> Iterator[None]:
    """Raise Veriscope's error from the database's: by PostgreSQL's code, then by FOREIGN_ERRORS."""
    with translated(FOREIGN_ERRORS):
        try:
            yield
        except SSLCertVerificationError as error:
            why = f"the database's certificate is not trusted: {error.verify_message}"
            raise LedgerUnavailable(why) from error
        except exc.DBAPIError as error:
            code = getattr(error.orig, "sqlstate", None) or ""
            if code[:2] in _REFUSED:
                raise Inconsistent(first_line(error)) from error
            if code in _CONTENDED:
                raise LedgerContended(first_line(error)) from error
            raise


def _turn(engine: AsyncEngine) -> AbstractAsyncContextManager[None]:
    """SQLite has one writer, and its busy wait is not fair: a process's own writers queue up."""
    if engine.dialect.name != "sqlite":
        return nullcontext()
    return _TURNS.setdefault(engine.sync_engine, asyncio.Lock())


def _postgresql_arguments(
    patience_seconds: float, statement_seconds: float, tls: SSLContext | None
) -> dict[str, Any]:
    return {
        **({} if tls is None else {"ssl": tls}),
        "timeout": patience_seconds,
        # The client's own limit only acts when the server is silent, so it is the longer one.
        "command_timeout": statement_seconds + patience_seconds,
        "server_settings": {
            "application_name": "veriscope",
            "statement_timeout": str(round(statement_seconds * 1000)),
            "lock_timeout": str(round(patience_seconds * 1000)),
            "idle_in_transaction_session_timeout": str(round(statement_seconds * 2000)),
            "timezone": "UTC",
        },
    }


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver would begin transactions by itself, deferred, and at the first write only: two
    # that read first and write then deadlock at once, whatever the busy timeout (SQLITE_BUSY).
    # So whoever writes begins one, and who reads has none, as in PostgreSQL.
    connection.isolation_level = None
    connection.create_function("bits_apart", 2, bits_apart, deterministic=True)
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # The ledger is the truth: FULL keeps what was committed through a power cut, NORMAL does not.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    # What is deleted is overwritten, not only forgotten: an upload may have to be erased.
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()
