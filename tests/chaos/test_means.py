"""The means of the fault suite do what their names say: bucket, disk, clock and switch."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from moderation.errors import SourceUnavailable
from runtime.embedded.processes import free_ports
from storage.sources.buckets import BucketSource, open_buckets
from tests.chaos.bucket import NAME, Mood, bucket_of
from tests.chaos.clock import movable_clock
from tests.chaos.disk import small_disk
from tests.chaos.switch import switched

CONTENT = bytes(range(256)) * 400
_TELL_ONCE_MOVED = """
import time
began = time.monotonic()
true = time.time()
while abs(time.time() - true) < 3600 and time.monotonic() - began < 60:
    time.sleep(0.05)
print(time.time())
"""


@asynccontextmanager
async def _saying(word: bytes) -> AsyncIterator[str]:
    """Listen on loopback and say a word to everyone; yields the address."""

    listening: set[asyncio.Task[None] | None] = set()

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listening.add(asyncio.current_task())
        writer.write(word)
        with suppress(ConnectionError):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(say, "127.0.0.1", 0)
    try:
        yield "{}:{}".format(*server.sockets[0].getsockname())
    finally:
        server.close()
        await asyncio.gather(*filter(None, listening))


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "objects"
    folder.mkdir()
    (folder / "one.jpg").write_bytes(CONTENT)
    with bucket_of(folder) as served:
        for name, value in served.environment().items():
            monkeypatch.setenv(name, value)
        yield served


async def _fetched(to: Path) -> bytes:
    source = BucketSource(open_buckets([f"s3://{NAME}"]), limit_bytes=10**6)
    await source.fetch(f"s3://{NAME}/one.jpg", to)
    return to.read_bytes()


async def test_a_fine_bucket_gives_what_lies_in_it(bucket, tmp_path: Path) -> None:
    assert await _fetched(tmp_path / "fetched") == CONTENT


@pytest.mark.parametrize("mood", [Mood.BUSY, Mood.CUTTING])
async def test_a_bucket_in_trouble_is_unavailable_and_leaves_nothing(
    bucket, tmp_path: Path, mood: Mood
) -> None:
    bucket.mood = mood
    with pytest.raises(SourceUnavailable):
        await _fetched(tmp_path / "fetched")
    assert not (tmp_path / "fetched").exists()
    assert bucket.answered[mood]


def test_a_full_disk_takes_nothing_until_it_is_emptied(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", mebibytes=64) as disk:
        if disk is None:
            pytest.skip("this process may not mount a tmpfs")
        disk.fill()
        with pytest.raises(OSError, match="No space left"):
            (disk.folder / "one").write_bytes(bytes(8192))
        disk.empty()
        (disk.folder / "one").write_bytes(bytes(8192))


def test_a_clock_is_moved_for_those_who_go_by_it(tmp_path: Path) -> None:
    clock = movable_clock(tmp_path)
    clock.move(-7200)
    told = subprocess.run(
        [sys.executable, "-c", _TELL_ONCE_MOVED],
        env={**os.environ, **clock.environment()},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert float(told) < time.time() - 7000


async def test_a_switch_leads_elsewhere_and_cuts_what_it_had() -> None:
    async with _saying(b"a") as one, _saying(b"b") as other, switched(one) as (switch, address):
        host, port = address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        assert await reader.read(1) == b"a"
        switch.point(other)
        assert await reader.read() == b""
        writer.close()
        reader, writer = await asyncio.open_connection(host, int(port))
        assert await reader.read(1) == b"b"
        writer.close()


async def test_what_a_switch_holds_is_passed_on_later() -> None:
    async with _saying(b"a") as one, switched(one) as (switch, address):
        host, port = address.split(":")
        switch.hold()
        reader, writer = await asyncio.open_connection(host, int(port))
        said = asyncio.create_task(reader.read(1))
        switch.release()
        assert await said == b"a"
        assert switch.traffic == 1
        writer.close()


async def test_a_switch_counts_who_comes_while_nobody_listens() -> None:
    (nowhere,) = free_ports(1)
    async with switched(f"127.0.0.1:{nowhere}") as (switch, address):
        host, port = address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        with suppress(ConnectionError):
            await reader.read()
        writer.close()
        assert switch.traffic == 1
