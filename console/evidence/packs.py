"""Face packs as pages read them: a few stay open, for one page asks for many crops of one pack."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from storage.ports import MediaStore

_MOST_BYTES = 64 * 1024 * 1024
# As long as one look at a page: what retention takes away is not shown for longer than that.
_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPack:
    """A pack's bytes, and what tells them from those of any other pack."""

    content: bytes
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    pack: OpenPack
    until: float


class Packs:
    """Reads packs by key, at most `most_bytes` of them kept, each for `seconds`.

    Who asks for a pack that is being read waits for the same reading.
    """

    def __init__(
        self,
        store: MediaStore,
        *,
        most_bytes: int = _MOST_BYTES,
        seconds: float = _SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._most_bytes = most_bytes
        self._seconds = seconds
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._bytes = 0
        self._reading: dict[str, asyncio.Task[OpenPack]] = {}

    async def open(self, key: str) -> OpenPack:
        """Raises: MissingMedia, ForbiddenSource, MediaStoreUnavailable."""
        kept = self._kept.get(key)
        if kept is not None and self._clock() < kept.until:
            self._kept.move_to_end(key)
            return kept.pack
        reading = self._reading.get(key)
        if reading is None:
            reading = self._reading[key] = asyncio.ensure_future(self._read(key))
            reading.add_done_callback(lambda _: self._reading.pop(key, None))
        # Who gives up waiting must not end the reading of the others.
        return await asyncio.shield(reading)

    async def _read(self, key: str) -> OpenPack:
        self._forget(key)
        content = await self._store.read(key)
        digest = await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest())
        pack = OpenPack(content=content, digest=digest)
        self._keep(key, pack)
        return pack

    def _keep(self, key: str, pack: OpenPack) -> None:
        if len(pack.content) > self._most_bytes:
            return
        self._kept[key] = _Kept(pack=pack, until=self._clock() + self._seconds)
        self._bytes += len(pack.content)
        while self._bytes > self._most_bytes:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: str) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._bytes -= len(kept.pack.content)
