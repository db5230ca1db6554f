"""Media that lies in Veriscope's own media store already: store:///KEY."""

from __future__ import annotations

import asyncio
from pathlib import Path

from moderation.errors import EmptyMedia, ForbiddenSource
from storage.ports import MediaStore

_PREFIX = "store:///"


class StoredSource:
    """Implements `storage.ports.Source`."""

    def __init__(self, store: MediaStore, *, limit_bytes: int) -> None:
        self._store = store
        self._limit_bytes = limit_bytes

    async def fetch(self, uri: str, to: Path) -> None:
        if not uri.startswith(_PREFIX):
            raise ForbiddenSource("an address in the media store reads store:///KEY")
        await self._store.download(uri.removeprefix(_PREFIX), to, limit_bytes=self._limit_bytes)
        if (await asyncio.to_thread(to.stat)).st_size == 0:
            raise EmptyMedia
