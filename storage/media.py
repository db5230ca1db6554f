"""The media store over obstore: a local folder, S3, Google Cloud Storage, Azure, or memory.

An object appears whole or not at all. Object stores promise it; in a folder
obstore writes beside the object (`KEY#1`) and renames, and removes what an aborted write
left. A process that is killed leaves such a file; it is never read.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore import exceptions
from obstore.store import LocalStore, MemoryStore, ObjectStore, from_url

from moderation.errors import (
    InvalidConfiguration,
    MediaStoreUnavailable,
    MissingMedia,
    ModerationError,
)
from storage.files import sweep, too_large, write_limited
from storage.keys import checked_key
from storage.ports import MediaStore, StoredObject
from storage.translation import ErrorTable, translated

# obstore raises Python's own errors for some of object_store's: FileNotFoundError where
# nothing is, ValueError for a path, OSError and NotImplementedError.
OBSTORE_ERRORS: ErrorTable = (
    (exceptions.NotFoundError, MissingMedia),
    (FileNotFoundError, MissingMedia),
    (exceptions.BaseError, MediaStoreUnavailable),
    (NotImplementedError, MediaStoreUnavailable),
    (OSError, MediaStoreUnavailable),
)

# At most four parts are in memory: 32 MiB an upload. S3 takes 10,000 parts of an object, so
# 80 GiB fit: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>.
_PART_BYTES = 8 * 1024 * 1024
_PARTS_AT_ONCE = 4
_CHUNK_BYTES = 1024 * 1024

_NEVER_STORED = "readyz"

_BUCKETS = frozenset({"s3", "gs", "az", "abfss"})


class ObstoreMediaStore:
    """Implements `storage.ports.MediaStore`, `Ranged` and `Erasable`."""

    def __init__(self, store: ObjectStore, *, folder: Path | None = None) -> None:
        """`folder` is where a local store lies: it is swept where objects are erased."""
        self._store = store
        self._folder = folder

    async def put(self, key: str, content: bytes | Path | AsyncIterator[bytes]) -> None:
        """See `storage.ports.MediaStore`; what an iterator raises passes, and nothing is stored.

        Raises:
            FileNotFoundError: `content` is a path and there is no file.
        """
        name = checked_key(key)
        if isinstance(content, Path):
            await asyncio.to_thread(content.stat)
        if isinstance(content, bytes | Path):
            await self._put(name, content)
            return
        watched = _Watched(content)
        try:
            await self._put(name, watched)
        except ModerationError:
            if watched.failure is not None:
                raise watched.failure from None
            raise

    async def _put(self, name: str, content: bytes | Path | AsyncIterator[bytes]) -> None:
        with translated(OBSTORE_ERRORS):
            await obstore.put_async(
                self._store,
                name,
                content,
                chunk_size=_PART_BYTES,
                max_concurrency=_PARTS_AT_ONCE,
            )

    async def read(self, key: str) -> bytes:
        with translated(OBSTORE_ERRORS):
            found = await obstore.get_async(self._store, checked_key(key))
            return bytes(await found.bytes_async())

    async def size(self, key: str) -> int:
        with translated(OBSTORE_ERRORS):
            return (await obstore.head_async(self._store, checked_key(key)))["size"]

    async def read_part(self, key: str, *, start: int, length: int) -> bytes:
        with translated(OBSTORE_ERRORS):
            name = checked_key(key)
            found = await obstore.get_range_async(self._store, name, start=start, length=length)
            return bytes(found)

    async def download(self, key: str, to: Path, *, limit_bytes: int) -> None:
        await download_object(
            self._store, checked_key(key), to, limit_bytes=limit_bytes, errors=OBSTORE_ERRORS
        )

    async def delete(self, key: str) -> None:
        name = checked_key(key)
        with suppress(MissingMedia), translated(OBSTORE_ERRORS):
            await obstore.delete_async(self._store, name)

    async def erase(self, place: str) -> int:
        name = checked_key(place)
        keys = [one.key async for one in self.stored(name)]
        if self._folder is not None:
            was_there = await asyncio.to_thread(sweep, self._folder / name, root=self._folder)
            return len(keys) or int(was_there)
        for key in keys:
            await self.delete(key)
        return len(keys) + await self._delete_alone(name)

    async def _delete_alone(self, name: str) -> int:
        """Delete the object of exactly this name; 1 if there was one."""
        try:
            with translated(OBSTORE_ERRORS):
                await obstore.head_async(self._store, name)
        except MissingMedia:
            return 0
        await self.delete(name)
        return 1

    async def stored(self, place: str) -> AsyncIterator[StoredObject]:
        with translated(OBSTORE_ERRORS):
            async for batch in obstore.list(self._store, checked_key(place)):
                for found in batch:
                    yield StoredObject(key=found["path"], written_at=found["last_modified"])


async def probe(store: MediaStore, *, within_seconds: float = 5.0) -> None:
    """Use the media store once, by reading what is not there.

    Raises:
        MediaStoreUnavailable: it does not answer, or not in time.
    """
    try:
        async with asyncio.timeout(within_seconds):
            await store.read(_NEVER_STORED)
    except MissingMedia:
        return
    except TimeoutError as error:
        raise MediaStoreUnavailable(f"no answer within {within_seconds:g} s") from error


class _Watched:
    """Remembers what an iterator raised: an uploader's ConnectionError is not the store's."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self.failure: Exception | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await anext(self._chunks)
        except StopAsyncIteration:
            raise
        except Exception as error:
            self.failure = error
            raise


def open_media_store(url: str, *, request_seconds: float = 60.0) -> ObstoreMediaStore:
    """Open the store at a folder's path, or at a file://, s3://, gs://, az:// or memory:// address.

    Credentials come from the environment, by the names that the clouds' own tools use.

    Raises:
        InvalidConfiguration: the address names no such store.
    """
    try:
        store = _open(url, request_seconds)
        folder = store.prefix if isinstance(store, LocalStore) else None
        return ObstoreMediaStore(store, folder=folder and Path(folder))
    except (exceptions.BaseError, ValueError, OSError) as error:
        raise InvalidConfiguration(f"the media store {url} cannot be opened") from error


async def download_object(
    store: ObjectStore, path: str, to: Path, *, limit_bytes: int, errors: ErrorTable
) -> int:
    """Bring one object into a local file and return its number of bytes.

    Raises: MediaTooLarge, MediaStoreUnavailable (the local disk), and what `errors` says.
    """
    with translated(errors):
        found = await obstore.get_async(store, path)
    if found.meta["size"] > limit_bytes:
        raise too_large(limit_bytes)

    async def chunks() -> AsyncIterator[bytes]:
        with translated(errors):
            async for chunk in found.stream(min_chunk_size=_CHUNK_BYTES):
                yield bytes(chunk)

    return await write_limited(chunks(), to, limit_bytes=limit_bytes)


def open_bucket(url: str, *, request_seconds: float) -> ObjectStore:
    """Open s3://, gs:// or az://, with a few retries of its own.

    obstore's default is ten retries in three minutes: longer than a hop waits. It
    reads AWS_ALLOW_HTTP from the environment too, but not beside options of ours.
    """
    return from_url(
        url,
        client_options={
            "allow_http": os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true"),
            "connect_timeout": timedelta(seconds=5),
            "timeout": timedelta(seconds=request_seconds),
        },
        retry_config={
            "max_retries": 3,
            "retry_timeout": timedelta(seconds=request_seconds),
        },
    )


def _open(url: str, request_seconds: float) -> ObjectStore:
    parts = urlsplit(url)
    if parts.scheme == "memory":
        return MemoryStore()
    if parts.scheme in _BUCKETS:
        return open_bucket(url, request_seconds=request_seconds)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return LocalStore(unquote(parts.path), mkdir=True)
    if parts.scheme == "" and url:
        return LocalStore(str(Path(url).absolute()), mkdir=True)
    raise ValueError(parts.scheme)
