"""Writes what streams in to a local file, whole or not at all."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from moderation.errors import EmptyMedia, MediaStoreUnavailable, MediaTooLarge
from storage.translation import ErrorTable, translated

# The spool's disk is full or broken: a dependency's fault, like a media store's.
_DISK_ERRORS: ErrorTable = ((OSError, MediaStoreUnavailable),)


async def write_limited(chunks: AsyncIterable[bytes], to: Path, *, limit_bytes: int) -> int:
    """Write chunks as they come and return their number of bytes; a failure leaves no file.

    Raises:
        MediaTooLarge: more than `limit_bytes`; nothing was read past the chunk that showed it.
        MediaStoreUnavailable: the local disk refuses.
    """
    written = 0
    with translated(_DISK_ERRORS):
        file = await asyncio.to_thread(to.open, "wb")
    try:
        async for chunk in chunks:
            written += len(chunk)
            if written > limit_bytes:
                raise too_large(limit_bytes)
            with translated(_DISK_ERRORS):
                await asyncio.to_thread(file.write, chunk)
        with translated(_DISK_ERRORS):
            await asyncio.to_thread(file.close)
    except BaseException:  # a cancelled download leaves nothing behind either
        _abandon(file, to)
        raise
    return written


async def write_media(chunks: AsyncIterable[bytes], to: Path, *, limit_bytes: int) -> None:
    """As `write_limited`, for media that someone uploaded.

    Raises:
        EmptyMedia: no bytes came; there is no file.
    """
    if await write_limited(chunks, to, limit_bytes=limit_bytes) == 0:
        await asyncio.to_thread(to.unlink)
        raise EmptyMedia


def sweep(place: Path, *, root: Path) -> bool:
    """Remove a file or a folder, what writes that were killed left beside it, and the folder
    above it if nothing else lies there.

    Raises:
        MediaStoreUnavailable: the local disk refuses.
    """
    with translated(_DISK_ERRORS):
        was_there = place.is_file()
        for left in (place, *place.parent.glob(f"{place.name}#*")):
            if left.is_dir():
                shutil.rmtree(left)
            else:
                left.unlink(missing_ok=True)
        if place.parent != root:
            with suppress(OSError):  # it is not empty
                place.parent.rmdir()
    return was_there


def too_large(limit_bytes: int) -> MediaTooLarge:
    return MediaTooLarge(f"the media has more than {limit_bytes} bytes")


def _abandon(file: BinaryIO, path: Path) -> None:
    """Without awaiting: whoever cancels a download does not wait for it."""
    with suppress(OSError):
        file.close()
    path.unlink(missing_ok=True)
