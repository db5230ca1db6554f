"""The upload's own bytes: whether they are kept, and by which fixed type a browser gets them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from inference.reading.sniff import SNIFFED_BYTES, sniff
from moderation.errors import MediaRejected, MissingMedia
from moderation.media import Container, MediaKind
from moderation.upload import Upload
from storage.ports import MediaStore, Ranged

_STORED = "store:///"
_PART_BYTES = 2 * 1024 * 1024

# What browsers play, by types of ours: neither the uploader's name nor the bytes choose one. A
# MOV file has the boxes of an MP4, and is played under that name.
_TYPES: Mapping[Container, str] = {
    Container.JPEG: "image/jpeg",
    Container.PNG: "image/png",
    Container.WEBP: "image/webp",
    Container.GIF: "image/gif",
    Container.AVIF: "image/avif",
    Container.MP4: "video/mp4",
    Container.MOV: "video/mp4",
    Container.WEBM: "video/webm",
}


class Whereabouts(StrEnum):
    """Whether the original can be shown, or why not."""

    KEPT = "kept"
    GONE = "gone"
    ELSEWHERE = "elsewhere"
    NOT_PLAYED = "not_played"


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """`key`, `size` and `container` are there where it is kept and browsers play it."""

    whereabouts: Whereabouts
    key: str = ""
    size: int = 0
    container: Container | None = None

    @property
    def content_type(self) -> str:
        return _TYPES[self.container] if self.container else ""

    @property
    def plays(self) -> bool:
        return self.container is not None and self.container.kind is MediaKind.VIDEO


class KeptMedia(MediaStore, Ranged, Protocol):
    """A media store of which parts can be read."""


class Originals:
    """Finds originals that Veriscope received itself, and reads them in parts."""

    def __init__(self, store: KeptMedia) -> None:
        self._store = store

    async def of(self, upload: Upload) -> Original:
        """Whether an upload's bytes can be shown. Raises: MediaStoreUnavailable."""
        key = upload.uri.removeprefix(_STORED)
        # Only what was received for this upload: an address that a producer made up could name
        # another tenant's object.
        if not upload.uri.startswith(f"{_STORED}media/{upload.tenant}/{upload.upload_id}/"):
            return Original(whereabouts=Whereabouts.ELSEWHERE)
        try:
            size = await self._store.size(key)
            head = await self._store.read_part(key, start=0, length=SNIFFED_BYTES) if size else b""
        except MediaRejected:  # it is gone, or the key is none
            return Original(whereabouts=Whereabouts.GONE)
        container = _container(head)
        if container not in _TYPES:
            return Original(whereabouts=Whereabouts.NOT_PLAYED)
        return Original(whereabouts=Whereabouts.KEPT, key=key, size=size, container=container)

    async def stretch(self, original: Original, *, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `end`, a part at a time.

        Raises:
            MissingMedia: it went away meanwhile.
        """
        while start < end:
            length = min(_PART_BYTES, end - start)
            part = await self._store.read_part(original.key, start=start, length=length)
            if not part:
                raise MissingMedia
            yield part
            start += len(part)


def _container(head: bytes) -> Container | None:
    try:
        return sniff(head)
    except MediaRejected:
        return None
