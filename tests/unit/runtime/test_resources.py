from __future__ import annotations

import asyncio
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from monitoring import metrics
from runtime.resources import folders, watch_disks, watch_pool
from runtime.settings import Settings
from storage.database import open_database, reading


@pytest.mark.parametrize(
    ("store", "names"),
    [("media", {"state", "media"}), ("file:///media", {"state", "media"}), ("s3://b", {"state"})],
)
def test_a_media_store_elsewhere_has_no_disk_of_ours(store: str, names: set[str]) -> None:
    assert set(folders(Settings.model_validate({"media": {"store": store}}))) == names


async def test_a_folder_that_is_not_made_yet_is_measured_where_it_will_be(tmp_path: Path) -> None:
    watching = asyncio.create_task(watch_disks({"state": tmp_path / "not" / "yet"}))
    async with asyncio.timeout(30):
        while not REGISTRY.get_sample_value(  # noqa: ASYNC110 (the loop tells nobody)
            "veriscope_disk_size_bytes", {"folder": "state"}
        ):
            await asyncio.sleep(0.01)
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    size = REGISTRY.get_sample_value("veriscope_disk_size_bytes", {"folder": "state"})
    assert size == shutil.disk_usage(tmp_path).total


async def test_a_folder_that_cannot_be_looked_at_does_not_end_the_watch(tmp_path: Path) -> None:
    metrics.DISK_SIZE_BYTES.clear()
    unseen = tmp_path / ("x" * 300)  # longer than a name may be: the system refuses to look
    watching = asyncio.create_task(watch_disks({"media": unseen, "state": tmp_path}))
    async with asyncio.timeout(30):
        while not watching.done() and not REGISTRY.get_sample_value(  # noqa: ASYNC110 (as above)
            "veriscope_disk_size_bytes", {"folder": "state"}
        ):
            await asyncio.sleep(0.01)
    assert not watching.done()
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching


async def test_a_scrape_sees_the_pool_as_it_is_then(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'ledger.db'}", connections=3)
    watch_pool(engine)
    async with reading(engine):
        assert REGISTRY.get_sample_value("veriscope_database_connections_in_use") == 1
    assert REGISTRY.get_sample_value("veriscope_database_connections_in_use") == 0
    assert REGISTRY.get_sample_value("veriscope_database_connections_limit") == 3
    await engine.dispose()
