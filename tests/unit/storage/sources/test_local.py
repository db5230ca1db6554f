"""Files are read in the operator's folders, and through no link that leads out of them."""

from __future__ import annotations

import asyncio
import os
import select
import socket
from pathlib import Path

import pytest

from moderation.errors import EmptyMedia, ForbiddenSource, MediaTooLarge, MissingMedia
from storage.sources.local import LocalSource, chunks_of, closed_after_reads, open_below


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "allowed"
    (folder / "a b").mkdir(parents=True)
    (folder / "a b" / "clip").write_bytes(b"media")
    (tmp_path / "secret").write_bytes(b"secret")
    return folder


async def fetch(root: Path, uri: str, *, limit_bytes: int = 5) -> bytes:
    to = root.parent / "to"
    await LocalSource([root], limit_bytes=limit_bytes).fetch(uri, to)
    return to.read_bytes()


@pytest.mark.parametrize("form", ["file://{}/a%20b/clip", "file://localhost{}/a b/clip"])
async def test_a_file_of_the_folder_is_read(root: Path, form: str) -> None:
    assert await fetch(root, form.format(root)) == b"media"


async def test_without_folders_nothing_is_read(root: Path, tmp_path: Path) -> None:
    with pytest.raises(ForbiddenSource):
        await LocalSource([], limit_bytes=9).fetch(f"file://{root}/a b/clip", tmp_path / "to")


@pytest.mark.parametrize(
    "form",
    [
        "file://{}/../secret",
        "file://{}/%2e%2e/secret",
        "file://{}/a b/../../secret",
        "file://{}/../nothing",
        "file://{}-beside/clip",
        "file:///etc/passwd",
        "file://host{}/a b/clip",
        "file://{}/a b/clip?x",
        "file://{}/a b/clip#x",
        "file://{}/a b/clip%00",
        "file:a b/clip",
        "file:",
        "http://{}/a b/clip",
        "file://{}",
        "file://{}/a b",
    ],
)
async def test_another_address_is_forbidden(root: Path, form: str) -> None:
    with pytest.raises(ForbiddenSource):
        await fetch(root, form.format(root))


@pytest.mark.parametrize("name", ["nothing", "no/folder", "a b/clip/below", "x" * 300])
async def test_what_is_not_in_the_folder_is_missing(root: Path, name: str) -> None:
    with pytest.raises(MissingMedia):
        await fetch(root, f"file://{root}/{name}")


async def test_a_link_inside_the_folder_is_followed(root: Path) -> None:
    (root / "link").symlink_to(root / "a b")

    assert await fetch(root, f"file://{root}/link/clip") == b"media"


@pytest.mark.parametrize("target", ["../secret", "/etc/passwd", "../nothing"])
async def test_a_link_out_of_the_folder_is_forbidden(root: Path, target: str) -> None:
    (root / "link").symlink_to(target)

    with pytest.raises(ForbiddenSource):
        await fetch(root, f"file://{root}/link")


async def test_a_folder_that_is_a_link_itself_may_be_named(root: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(root)

    assert await fetch(tmp_path / "alias", f"file://{tmp_path}/alias/a b/clip") == b"media"


async def test_a_link_that_appears_after_the_check_is_not_followed(root: Path) -> None:
    """The check resolves the path; the file is opened as if a link had been put there since."""
    (root / "late").symlink_to(root.parent)

    with pytest.raises(OSError, match=r"symbolic|directory"):
        os.close(open_below(root, ["late", "secret"]))


async def test_a_pipe_or_a_socket_is_forbidden_at_once(root: Path) -> None:
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(root / "socket"))

        for name in ("pipe", "socket"):
            with pytest.raises(ForbiddenSource):
                await fetch(root, f"file://{root}/{name}")


async def test_a_file_stays_open_until_a_read_that_nobody_awaits_has_ended() -> None:
    """Its descriptor could belong to another file by then. A pipe stands for a slow disk."""
    end, other_end = os.pipe()
    file = os.fdopen(end, "rb")

    async def fetching() -> None:
        with closed_after_reads(file):
            async for _ in chunks_of(file):
                pass

    os.write(other_end, b"the read has begun, and waits for the rest")
    fetch = asyncio.create_task(fetching())
    async with asyncio.timeout(30):
        while select.select([end], [], [], 0)[0]:  # noqa: ASYNC110 - a thread tells nobody
            await asyncio.sleep(0.001)
    fetch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetch

    try:
        assert os.fstat(end)
    finally:
        os.close(other_end)  # which ends the read
    async with asyncio.timeout(30):
        while not file.closed:  # noqa: ASYNC110
            await asyncio.sleep(0.001)


@pytest.mark.parametrize(("size", "raised"), [(0, EmptyMedia), (6, MediaTooLarge)])
async def test_an_empty_or_too_large_file_leaves_nothing(
    root: Path, size: int, raised: type[Exception]
) -> None:
    (root / "odd").write_bytes(b"x" * size)

    with pytest.raises(raised):
        await fetch(root, f"file://{root}/odd")

    assert not (root.parent / "to").exists()
