"""The tables of looks: one row a look, and one index for each band of its hash."""

from __future__ import annotations

import json
from typing import Any

from asyncpg import BitString
from sqlalchemy import (
    Column,
    Dialect,
    Float,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, BIT
from sqlalchemy.types import TypeDecorator, TypeEngine

from moderation.listed_looks import LONGEST_ENTRY
from moderation.looks import BITS
from storage.columns import RowNumber
from storage.looks.bands import BANDS
from storage.table_parts import gone_with
from storage.tables import metadata, uploads


class Pdq(TypeDecorator[bytes]):
    """A hash of 32 bytes; PostgreSQL counts bits in a BIT (from 14 on), SQLite by our function."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        kept = BIT(BITS) if dialect.name == "postgresql" else LargeBinary(BITS // 8)
        return dialect.type_descriptor(kept)

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> Any:
        if value is None or dialect.name != "postgresql":
            return value
        return BitString.frombytes(value, bitlength=BITS)

    def process_result_value(self, value: Any, dialect: Dialect) -> bytes | None:
        if isinstance(value, BitString):  # from SQLAlchemy 2.0
            return bytes(value.bytes)
        if isinstance(value, str):  # from 2.1: its own, which is text of zeros and ones
            return int(value, 2).to_bytes(BITS // 8, "big")
        return value  # type: ignore[no-any-return]  # bytes, or None


class Near(TypeDecorator[list[int]]):
    """Values of a band, as one parameter: an array in PostgreSQL, JSON in SQLite."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        kept: TypeEngine[Any] = String()
        if dialect.name == "postgresql":
            kept = ARRAY(SmallInteger)
        return dialect.type_descriptor(kept)

    def process_bind_param(self, value: list[int] | None, dialect: Dialect) -> Any:
        return value if dialect.name == "postgresql" else json.dumps(value)


seen_media = Table(
    "seen_media",
    metadata,
    gone_with(uploads.c.upload_id, primary_key=True),
    Column("tenant", String(128), nullable=False),
    Column("sha256", String(64), nullable=False),
    # Uploads of the same bytes have one set of looks, which is that of one of them: a picture
    # that is sent very often would be compared as often otherwise. No reference: where that
    # upload's row is gone, there are no looks.
    Column("looks_held_by", String(128)),
)
Index("ix_seen_media_by_bytes", seen_media.c.tenant, seen_media.c.sha256, seen_media.c.upload_id)
Index("ix_seen_media_by_looks", seen_media.c.looks_held_by, seen_media.c.upload_id)


def _hash_columns() -> tuple[Column[Any], ...]:
    bands = (Column(f"band_{number}", SmallInteger, nullable=False) for number in range(BANDS))
    return (
        Column("tenant", String(128), nullable=False),
        Column("pdq", Pdq, nullable=False),
        *bands,
    )


def _index_bands(table: Table) -> None:
    """All that is asked stands in each index: the thousands of looks that share a band by chance
    are told apart without reading their rows. SQLite's indexes hold the row's number anyway.

    The band comes first: where PostgreSQL thinks that a tenant has few looks, as of a new one it
    does until it counts again, an index that begins with the tenant would do for any band.
    """
    for number in range(BANDS):
        Index(
            f"ix_{table.name}_by_band_{number}",
            table.c[f"band_{number}"],
            table.c.tenant,
            table.c.pdq,
            postgresql_include=["look_id"],
        )


looks = Table(
    "looks",
    metadata,
    Column("look_id", RowNumber, primary_key=True, autoincrement=True),
    gone_with(seen_media.c.upload_id),
    Column("at_seconds", Float, nullable=False),
    Column("quality", SmallInteger, nullable=False),
    *_hash_columns(),
)
Index("ix_looks_by_upload", looks.c.upload_id)
_index_bands(looks)

# Looks that somebody knows, by list. `tenant` is "*" where a list is for all of them.
listed_looks = Table(
    "listed_looks",
    metadata,
    Column("look_id", RowNumber, primary_key=True, autoincrement=True),
    Column("list_name", String(64), nullable=False),
    Column("entry", String(LONGEST_ENTRY), nullable=False),
    *_hash_columns(),
    UniqueConstraint("tenant", "list_name", "pdq", name="uq_listed_looks"),
)
_index_bands(listed_looks)
