"""What clients may cost while they send: places, bytes, and silence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from console.faults import Refused
from moderation.errors import MediaTooLarge

_FORM_BYTES = 64 * 1024  # boundaries, headers and other fields around a file
_RETRY_AFTER_SECONDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """`max_bytes` of one file, uploads received at once, and seconds without a byte."""

    max_bytes: int
    uploads_at_once: int = 16
    idle_seconds: float = 30.0


class Places:
    """How many uploads are being received."""

    def __init__(self, places: int) -> None:
        self._free = places

    @contextmanager
    def one(self) -> Iterator[None]:
        """Take a place for as long as the block lasts.

        Raises:
            Refused: there is none.
        """
        if not self._free:
            raise Refused(
                429,
                "busy",
                "too many uploads are being received; try again",
                headers={"Retry-After": str(_RETRY_AFTER_SECONDS)},
            )
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1


async def bounded(body: AsyncIterator[bytes], bounds: Bounds) -> AsyncIterator[bytes]:
    """Pass a request's body on: all of it counts, whatever part of a form it is.

    Raises:
        MediaTooLarge: it is longer than the largest file with a form around it.
        Refused: nothing arrives any more.
    """
    limited = limited_to(bounds.max_bytes + _FORM_BYTES, body)
    while True:
        try:
            async with asyncio.timeout(bounds.idle_seconds):
                received = await anext(limited, None)
        except TimeoutError as error:
            detail = f"nothing arrived for {bounds.idle_seconds:g} s"
            raise Refused(408, "idle", detail, headers={"Connection": "close"}) from error
        if received is None:
            return
        yield received


async def limited_to(max_bytes: int, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Pass at most that many bytes on.

    Raises:
        MediaTooLarge: there are more.
    """
    received = 0
    async for chunk in chunks:
        received += len(chunk)
        if received > max_bytes:
            raise MediaTooLarge(f"over {max_bytes} bytes")
        yield chunk
