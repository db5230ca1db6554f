"""No error of the database's libraries escapes untranslated, and none tells a password."""

from __future__ import annotations

import sqlite3

import asyncpg
import pytest
from sqlalchemy import exc

from moderation.errors import Inconsistent, InvalidConfiguration, LedgerUnavailable, Superseded
from storage.database import FOREIGN_ERRORS, database_url, open_database
from storage.translation import translated, translation

# Other libraries have OSErrors of their own, which no database raises.
DATABASES = {"asyncpg", "builtins", "socket", "sqlalchemy", "sqlite3", "ssl"}


def family(*roots: type[BaseException]) -> list[type[BaseException]]:
    found: list[type[BaseException]] = []
    for root in roots:
        found += [root, *family(*root.__subclasses__())]
    return [error for error in found if error.__module__.partition(".")[0] in DATABASES]


@pytest.mark.parametrize(
    "foreign",
    family(
        exc.SQLAlchemyError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
        OSError,
    ),
)
def test_no_foreign_error_is_unmapped(foreign: type[BaseException]) -> None:
    made = foreign.__new__(foreign)

    assert translation(made, FOREIGN_ERRORS) in (Inconsistent, LedgerUnavailable)


@pytest.mark.parametrize("driver", family(sqlite3.Error))
def test_what_sqlite_raises_comes_wrapped_and_is_mapped(driver: type[BaseException]) -> None:
    wrapped = exc.DBAPIError.instance(None, None, driver("x"), sqlite3.Error)

    assert translation(wrapped, FOREIGN_ERRORS) in (Inconsistent, LedgerUnavailable)


@pytest.mark.parametrize("raised", [exc.IntegrityError, exc.DataError])
def test_what_would_be_refused_again_is_not_retried(raised: type[exc.DBAPIError]) -> None:
    with pytest.raises(Inconsistent), translated(FOREIGN_ERRORS):
        raise raised("INSERT", {}, sqlite3.IntegrityError("UNIQUE constraint failed"))


def test_the_statement_and_its_values_stay_out_of_the_message() -> None:
    with pytest.raises(LedgerUnavailable) as raised, translated(FOREIGN_ERRORS):
        raise exc.OperationalError(
            "INSERT INTO t VALUES (?)",
            ("secret",),
            sqlite3.OperationalError("disk I/O error\nmore"),
        )

    assert str(raised.value) == "OperationalError: disk I/O error"


def test_our_own_errors_pass() -> None:
    with pytest.raises(Superseded, match="as it was"), translated(FOREIGN_ERRORS):
        raise Superseded("as it was")


def test_a_defect_of_ours_is_not_taken_for_the_databases() -> None:
    with pytest.raises(KeyError), translated(FOREIGN_ERRORS):
        raise KeyError("upload_id")


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("sqlite:///ledger.db", "sqlite+aiosqlite"),
        ("sqlite+aiosqlite:////var/ledger.db", "sqlite+aiosqlite"),
        ("postgres://me@db/ledger", "postgresql+asyncpg"),
        ("postgresql://me@db/ledger", "postgresql+asyncpg"),
        ("postgresql+asyncpg://me@db/ledger", "postgresql+asyncpg"),
    ],
)
def test_the_asynchronous_driver_is_filled_in(given: str, driver: str) -> None:
    assert database_url(given).drivername == driver


@pytest.mark.parametrize(
    "given",
    [
        "",
        "ledger.db",
        "mysql://me:hunter2@db/ledger",
        "postgresql+psycopg2://me:hunter2@db/ledger",
        "postgresql://me:hunter2@db:port/ledger",
        "sqlite://",
        "sqlite:///:memory:",
    ],
)
def test_another_address_is_refused_without_telling_its_password(given: str) -> None:
    with pytest.raises(InvalidConfiguration) as raised:
        database_url(given)

    assert "hunter2" not in f"{raised.value} {raised.value.__cause__}"


def test_a_file_in_no_folder_is_refused_by_the_folders_name():
    with pytest.raises(InvalidConfiguration, match="there is no folder /no/such/folder"):
        open_database("sqlite:////no/such/folder/ledger.db")
