"""What the media store promises, over memory, obstore's memory and a local folder alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from moderation.errors import ForbiddenSource, MediaTooLarge, MissingMedia
from storage.in_memory import InMemoryMediaStore
from storage.media import open_media_store
from storage.ports import MediaStore

KEY = "faces/2026-03/u1.pack"
PART = 1024 * 1024
TEN = b"0123456789"


@pytest.fixture(params=["fake", "memory", "folder"])
def media_store(request: pytest.FixtureRequest, tmp_path: Path) -> MediaStore:
    if request.param == "fake":
        return InMemoryMediaStore()
    return open_media_store("memory://" if request.param == "memory" else f"{tmp_path}/media")


async def parts(*contents: bytes | Exception) -> AsyncIterator[bytes]:
    for content in contents:
        if isinstance(content, Exception):
            raise content
        yield content


@pytest.mark.parametrize("content", [b"", b"\x00bytes\xff", b"a" * (9 * PART)])
async def test_bytes_come_back_as_they_were_put(media_store: MediaStore, content: bytes) -> None:
    await media_store.put(KEY, content)

    assert await media_store.read(KEY) == content


@pytest.mark.parametrize("megabytes", [0, 1, 20])
async def test_a_file_comes_back_as_it_was_put(
    media_store: MediaStore, tmp_path: Path, megabytes: int
) -> None:
    (tmp_path / "clip").write_bytes(b"ab" * (megabytes * PART // 2))

    await media_store.put(KEY, tmp_path / "clip")

    assert await media_store.read(KEY) == (tmp_path / "clip").read_bytes()


async def test_what_streams_in_is_stored_in_its_order(media_store: MediaStore) -> None:
    pieces = [bytes([n]) * PART for n in range(20)]

    await media_store.put(KEY, parts(*pieces))

    assert await media_store.read(KEY) == b"".join(pieces)


async def test_a_stream_without_bytes_is_an_empty_object(media_store: MediaStore) -> None:
    await media_store.put(KEY, parts())

    assert await media_store.read(KEY) == b""


async def test_putting_again_replaces_the_whole(media_store: MediaStore) -> None:
    await media_store.put(KEY, b"long before")
    await media_store.put(KEY, b"short")

    assert await media_store.read(KEY) == b"short"


@pytest.mark.parametrize("broken", [MediaTooLarge("x"), ConnectionResetError("x"), KeyError("x")])
async def test_what_breaks_a_stream_passes_and_leaves_what_was_there(
    media_store: MediaStore, broken: Exception
) -> None:
    await media_store.put(KEY, b"before")

    with pytest.raises(type(broken)):
        await media_store.put(KEY, parts(*[b"x" * PART] * 12, broken))

    assert await media_store.read(KEY) == b"before"


async def test_a_stream_that_breaks_at_once_stores_nothing(media_store: MediaStore) -> None:
    with pytest.raises(MediaTooLarge):
        await media_store.put(KEY, parts(MediaTooLarge("the upload's end")))

    with pytest.raises(MissingMedia):
        await media_store.read(KEY)


async def test_readers_see_all_of_a_write_or_none_of_it(media_store: MediaStore) -> None:
    await media_store.put(KEY, b"before")
    arrived, proceed = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        for _ in range(12):
            yield b"x" * PART
        arrived.set()
        await proceed.wait()
        yield b"end"

    writing = asyncio.ensure_future(media_store.put(KEY, slow()))
    await arrived.wait()
    seen_meanwhile = await media_store.read(KEY)
    proceed.set()
    await writing

    assert seen_meanwhile == b"before"
    assert await media_store.read(KEY) == b"x" * PART * 12 + b"end"


async def test_a_file_that_is_not_there_is_no_missing_media(
    media_store: MediaStore, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        await media_store.put(KEY, tmp_path / "nothing")


@pytest.mark.parametrize(
    ("start", "length", "part"),
    [(0, 3, b"012"), (3, 4, b"3456"), (8, 2, b"89"), (8, 3, b"89"), (9, 99, b"9"), (0, 10, TEN)],
)
async def test_a_part_of_an_object_is_read_alone(
    media_store: MediaStore, start: int, length: int, part: bytes
) -> None:
    await media_store.put(KEY, TEN)

    assert await media_store.size(KEY) == 10
    assert await media_store.read_part(KEY, start=start, length=length) == part


async def test_what_was_never_put_is_missing(media_store: MediaStore, tmp_path: Path) -> None:
    with pytest.raises(MissingMedia):
        await media_store.size(KEY)
    with pytest.raises(MissingMedia):
        await media_store.read_part(KEY, start=0, length=1)
    with pytest.raises(MissingMedia):
        await media_store.read(KEY)
    with pytest.raises(MissingMedia):
        await media_store.download(KEY, tmp_path / "to", limit_bytes=10)

    assert not (tmp_path / "to").exists()


async def test_a_download_of_exactly_the_limit_arrives(
    media_store: MediaStore, tmp_path: Path
) -> None:
    content = b"ab" * (2 * PART)
    await media_store.put(KEY, content)

    await media_store.download(KEY, tmp_path / "to", limit_bytes=len(content))

    assert (tmp_path / "to").read_bytes() == content


async def test_a_download_of_one_byte_more_is_too_large_and_leaves_no_file(
    media_store: MediaStore, tmp_path: Path
) -> None:
    await media_store.put(KEY, b"12345678901")

    with pytest.raises(MediaTooLarge):
        await media_store.download(KEY, tmp_path / "to", limit_bytes=10)

    assert not (tmp_path / "to").exists()


async def test_what_was_deleted_is_missing(media_store: MediaStore) -> None:
    await media_store.put(KEY, b"x")

    await media_store.delete(KEY)

    with pytest.raises(MissingMedia):
        await media_store.read(KEY)


async def test_deleting_what_is_not_there_is_no_failure(media_store: MediaStore) -> None:
    await media_store.put("other", b"x")

    await media_store.delete(KEY)

    assert await media_store.read("other") == b"x"


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/",
        "/etc/passwd",
        "../x",
        "a/../../x",
        "a/.",
        "a//b",
        "a/",
        "a\0b",
        "a\nb",
        "a b",
        "a\\b",
        "a%2e",
        "a#1",
        "a:b",
        "C:/x",
        "é",
        "x" * 201,
        "x/" * 501 + "x",
    ],
)
async def test_a_key_that_may_mean_another_object_is_refused(
    media_store: MediaStore, tmp_path: Path, key: str
) -> None:
    with pytest.raises(ForbiddenSource):
        await media_store.put(key, b"x")
    with pytest.raises(ForbiddenSource):
        await media_store.read(key)
    with pytest.raises(ForbiddenSource):
        await media_store.size(key)
    with pytest.raises(ForbiddenSource):
        await media_store.read_part(key, start=0, length=1)
    with pytest.raises(ForbiddenSource):
        await media_store.delete(key)
    with pytest.raises(ForbiddenSource):
        await media_store.download(key, tmp_path / "to", limit_bytes=1)


@pytest.mark.parametrize("key", ["a", "...", "a/..b", ".a", "a=1,b+c@d~e-f_g.h", "x" * 200])
async def test_a_plain_key_is_taken(media_store: MediaStore, key: str) -> None:
    await media_store.put(key, b"x")

    assert await media_store.read(key) == b"x"


async def test_erasing_a_folder_forgets_all_below_it_and_nothing_beside_it(
    media_store: MediaStore,
) -> None:
    for key in ("media/acme/u1/a", "media/acme/u1/deep/b", "media/acme/u10/c", "media/acme/u1.d"):
        await media_store.put(key, b"bytes")

    assert await media_store.erase("media/acme/u1") == 2

    assert [one.key async for one in media_store.stored("media/acme")] in (
        ["media/acme/u10/c", "media/acme/u1.d"],
        ["media/acme/u1.d", "media/acme/u10/c"],
    )
    assert await media_store.erase("media/acme/u1") == 0


async def test_erasing_an_object_forgets_it_alone(media_store: MediaStore) -> None:
    for key in ("media/acme/u1", "media/acme/u12"):
        await media_store.put(key, b"bytes")

    assert await media_store.erase("media/acme/u1") == 1

    with pytest.raises(MissingMedia):
        await media_store.read("media/acme/u1")
    assert await media_store.read("media/acme/u12") == b"bytes"


@pytest.mark.parametrize("place", ["", "/", "..", "media/../packs"])
async def test_only_what_lies_in_the_store_is_erased(media_store: MediaStore, place: str) -> None:
    with pytest.raises(ForbiddenSource):
        await media_store.erase(place)


async def test_of_a_folder_not_even_what_a_killed_write_left_is_there(tmp_path: Path) -> None:
    media_store = open_media_store(f"{tmp_path}/media")
    await media_store.put("media/acme/u1/a", b"bytes")
    (tmp_path / "media/media/acme/u1/a#1").write_bytes(b"half")
    (tmp_path / "media/media/acme/u2#3").write_bytes(b"half")

    await media_store.erase("media/acme/u1")
    await media_store.erase("media/acme/u2")

    assert list((tmp_path / "media/media").iterdir()) == []
