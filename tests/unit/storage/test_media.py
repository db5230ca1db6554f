"""The media store's addresses, its errors, and what a folder is left with."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from obstore import exceptions

from moderation.errors import InvalidConfiguration, MediaStoreUnavailable, MissingMedia
from storage.files import write_limited
from storage.in_memory import InMemoryMediaStore
from storage.media import OBSTORE_ERRORS, open_media_store, probe
from storage.translation import translation

ALL = [kind for _, kind in inspect.getmembers(exceptions, inspect.isclass)]


@pytest.mark.parametrize("foreign", [*ALL, FileNotFoundError, PermissionError, TimeoutError])
def test_no_error_of_obstore_is_unmapped(foreign: type[Exception]) -> None:
    missing = foreign in (exceptions.NotFoundError, FileNotFoundError)

    ours = translation(foreign("x"), OBSTORE_ERRORS)

    assert ours is (MissingMedia if missing else MediaStoreUnavailable)


@pytest.mark.parametrize("url", ["", "http://host/x", "ftp://host/x", "s3://", "file://host/share"])
def test_an_address_of_no_store_is_refused(url: str) -> None:
    with pytest.raises(InvalidConfiguration):
        open_media_store(url)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(InvalidConfiguration):
        open_media_store(f"{tmp_path}/file/media")


@pytest.mark.parametrize("url", ["{}/a b", "file://{}/a%20b", "file://localhost{}/a%20b"])
async def test_a_folder_is_named_by_its_path_or_its_address(tmp_path: Path, url: str) -> None:
    await open_media_store(url.format(tmp_path)).put("k/v", b"x")

    assert (tmp_path / "a b" / "k" / "v").read_bytes() == b"x"


@pytest.mark.parametrize(
    "url", ["s3://bucket/prefix", "gs://bucket", "abfss://c@a.dfs.core.windows.net"]
)
def test_buckets_are_named_by_their_addresses(url: str) -> None:
    open_media_store(url)


async def test_a_bucket_that_does_not_answer_is_unavailable_before_long(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, setting in {
        "AWS_ENDPOINT": "http://127.0.0.1:1",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
    }.items():
        monkeypatch.setenv(name, setting)
    store = open_media_store("s3://bucket", request_seconds=1.0)

    with pytest.raises(MediaStoreUnavailable):
        await store.put("k", b"x")
    with pytest.raises(MediaStoreUnavailable):
        await store.read("k")
    with pytest.raises(MediaStoreUnavailable):
        await store.download("k", tmp_path / "to", limit_bytes=1)
    with pytest.raises(MediaStoreUnavailable):
        await store.delete("k")
    with pytest.raises(MediaStoreUnavailable):
        await probe(store)


async def test_a_store_that_answers_is_ready_though_it_holds_nothing() -> None:
    await probe(InMemoryMediaStore())


async def test_a_store_that_hangs_is_not_ready() -> None:
    class Hanging(InMemoryMediaStore):
        async def read(self, key: str) -> bytes:
            await asyncio.Event().wait()
            raise AssertionError

    with pytest.raises(MediaStoreUnavailable, match="no answer"):
        await probe(Hanging(), within_seconds=0)


async def test_a_cancelled_write_stores_nothing(tmp_path: Path) -> None:
    store = open_media_store(str(tmp_path))
    arrived = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"x" * (9 * 1024 * 1024)
        arrived.set()
        await asyncio.Event().wait()

    writing = asyncio.ensure_future(store.put("k", endless()))
    await arrived.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing

    with pytest.raises(MissingMedia):
        await store.read("k")


async def test_a_local_disk_that_refuses_is_a_dependencys_fault(tmp_path: Path) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"x"

    with pytest.raises(MediaStoreUnavailable):
        await write_limited(chunks(), tmp_path / "no" / "folder", limit_bytes=9)


async def test_a_disk_that_fills_up_leaves_no_file(tmp_path: Path) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield b"x" * 1024 * 1024

    (tmp_path / "to").symlink_to("/dev/full")

    with pytest.raises(MediaStoreUnavailable, match="No space"):
        await write_limited(chunks(), tmp_path / "to", limit_bytes=2**30)

    assert not (tmp_path / "to").is_symlink()
