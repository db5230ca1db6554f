"""Column types that mean the same in SQLite and PostgreSQL."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

# SQLite numbers rows by itself in a column of the type INTEGER only.
RowNumber = BigInteger().with_variant(Integer(), "sqlite")


class UtcTime(TypeDecorator[datetime]):
    """A moment: given with a time zone, kept and returned in UTC.

    SQLite has no type for it; the text that is kept there sorts like the moments.

    Raises:
        ValueError: the moment has no time zone (SQLAlchemy wraps it into StatementError).
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be kept")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Headers(TypeDecorator[Mapping[str, bytes]]):
    """The headers of a message: values are bytes of any kind, kept as base64 in JSON."""

    impl = JSON
    cache_ok = True

    def process_bind_param(
        self, value: Mapping[str, bytes] | None, dialect: Dialect
    ) -> dict[str, str]:
        return {name: b64encode(content).decode() for name, content in (value or {}).items()}

    def process_result_value(
        self, value: Mapping[str, str] | None, dialect: Dialect
    ) -> dict[str, bytes]:
        return {name: b64decode(content) for name, content in (value or {}).items()}


class ForeignText(TypeDecorator[str]):
    """Text that somebody else wrote, made fit to be kept.

    PostgreSQL refuses U+0000 and neither database takes half a surrogate pair;
    an error's message may quote both from a hostile file.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return value.replace("\0", "\ufffd").encode(errors="replace").decode()
