"""Who has a connection, and who waits for one."""

from __future__ import annotations

import asyncio
from pathlib import Path

from storage.database import open_database, reading
from storage.pool import PoolUse, pool_use


async def test_connections_in_use_and_those_who_wait_for_one_are_counted(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'ledger.db'}", connections=1)
    assert pool_use(engine) == PoolUse(in_use=0, limit=1, waiting=0)
    async with reading(engine):
        second = asyncio.create_task(_look(engine))
        while not pool_use(engine).waiting:  # noqa: ASYNC110 (the count tells nobody)
            await asyncio.sleep(0)
        assert pool_use(engine) == PoolUse(in_use=1, limit=1, waiting=1)
    await second
    assert pool_use(engine) == PoolUse(in_use=0, limit=1, waiting=0)
    await engine.dispose()


async def _look(engine) -> None:
    async with reading(engine):
        pass
