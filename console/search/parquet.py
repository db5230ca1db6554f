"""Rows of an export as a Parquet file that is written piece by piece."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from console.search.export import COLUMNS, Row

if TYPE_CHECKING:
    import pyarrow as pa

# A row group: readers skip by the group, and one is held in memory.
_GROUP = 20_000


class Pieces:
    """A file that only grows, and whose bytes are taken away as they come."""

    closed = False

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._taken = 0

    def write(self, content: bytes) -> int:
        self._bytes += content
        return len(content)

    def tell(self) -> int:
        return self._taken + len(self._bytes)

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def take(self) -> bytes:
        taken = bytes(self._bytes)
        self._taken += len(taken)
        self._bytes.clear()
        return taken


async def parquet(pages: AsyncIterator[list[Row]]) -> AsyncIterator[bytes]:
    """The bytes of a file of those rows; its first ones are there before any row is waited for."""
    import pyarrow.parquet  # not at the top: it takes a third of a second, and few ask for it

    pieces, schema = Pieces(), _schema()
    writer = pyarrow.parquet.ParquetWriter(pieces, schema, compression="zstd")
    yield pieces.take()
    group: list[Row] = []
    async for rows in pages:
        group += rows
        if len(group) >= _GROUP:
            await asyncio.to_thread(writer.write_table, _table(group, schema))
            group = []
            yield pieces.take()
    if group:
        await asyncio.to_thread(writer.write_table, _table(group, schema))
    writer.close()
    yield pieces.take()


def _schema() -> pa.Schema:
    import pyarrow as pa

    of = {
        "fake_probability": pa.float64(),
        "decided_at": pa.timestamp("us", tz="UTC"),
        "reasons": pa.list_(pa.string()),
        "generators": pa.list_(pa.string()),
    }
    return pa.schema([(name, of.get(name, pa.string())) for name in COLUMNS])


def _table(rows: Sequence[Row], schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    columns = {name: [getattr(row, name) for row in rows] for name in COLUMNS}
    return pa.Table.from_pydict(columns, schema=schema)
