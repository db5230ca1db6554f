"""Media in local folders that the operator names: file:///PATH."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from moderation.errors import ForbiddenSource, MissingMedia, ModerationError, SourceUnavailable
from storage.files import write_media

_CHUNK_BYTES = 1024 * 1024

# What an errno says of an address; any other is the file system's own trouble.
_MEANINGS: dict[int, type[ModerationError]] = {
    errno.ENOENT: MissingMedia,
    errno.ENOTDIR: MissingMedia,
    errno.ENAMETOOLONG: MissingMedia,
    errno.EACCES: ForbiddenSource,
    errno.EPERM: ForbiddenSource,
    errno.ELOOP: ForbiddenSource,
    errno.ENXIO: ForbiddenSource,
}


class LocalSource:
    """Implements `storage.ports.Source` for files under `roots`; without roots it forbids all."""

    def __init__(self, roots: Sequence[Path], *, limit_bytes: int) -> None:
        self._roots = tuple(Path(os.path.realpath(root)) for root in roots)
        self._limit_bytes = limit_bytes

    async def fetch(self, uri: str, to: Path) -> None:
        with _translated():
            file = await asyncio.to_thread(self._open, uri)
        with closed_after_reads(file):
            await write_media(chunks_of(file), to, limit_bytes=self._limit_bytes)

    def _open(self, uri: str) -> BinaryIO:
        # The answer for a path outside is the same whether there is a file or not.
        real = Path(os.path.realpath(_path(uri)))
        for root in self._roots:
            if real.is_relative_to(root):
                return os.fdopen(open_below(root, real.relative_to(root).parts), "rb")
        raise ForbiddenSource("the file lies in no folder that may be read")


def open_below(root: Path, names: Sequence[str]) -> int:
    """Open a regular file, one folder at a time and through no link.

    The path was resolved before: a link that is met now was put there since.
    """
    if not names:
        raise ForbiddenSource("a folder is no media")
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for name in names[:-1]:
            below = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = below
        # Opening a pipe would wait for its writer.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        file = os.open(names[-1], flags, dir_fd=folder)
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise ForbiddenSource("what lies there is no regular file")
    return file


def _path(uri: str) -> str:
    parts = urlsplit(uri)
    path = unquote(parts.path)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        raise ForbiddenSource("an address of a file reads file:///PATH")
    if parts.query or parts.fragment or not path.startswith("/") or "\0" in path:
        raise ForbiddenSource("an address of a file is an absolute path and nothing else")
    return path


@contextmanager
def closed_after_reads(file: BinaryIO) -> Iterator[None]:
    """Close a buffered file when the block ends, but not under a read.

    A read that was cancelled goes on in its thread: on a descriptor that were closed, and
    taken by another file meanwhile, it would read that one. A buffered file's `close`
    waits for the read, so it has a thread of its own, and nobody waits for it.
    """
    try:
        yield
    finally:
        asyncio.get_running_loop().run_in_executor(None, file.close)


async def chunks_of(file: BinaryIO) -> AsyncIterator[bytes]:
    """Read a file to its end.

    Raises:
        MissingMedia, ForbiddenSource, SourceUnavailable: the file system refuses.
    """
    while True:
        with _translated():
            chunk = await asyncio.to_thread(file.read, _CHUNK_BYTES)
        if chunk:
            yield chunk
        if len(chunk) < _CHUNK_BYTES:  # a buffered file gives less only at its end
            return


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        meaning = _MEANINGS.get(error.errno or 0, SourceUnavailable)
        raise meaning(error.strerror or "") from error
