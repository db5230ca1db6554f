"""Takes an upload in: known once, stored once, and kept only if the ledger refers to it."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import structlog

from console.bounds import limited_to
from console.faults import Refused
from console.multipart import FilePart
from moderation.errors import Unavailable, UnknownUpload, UploadErased
from moderation.upload import Lane, Upload
from storage.ports import Erasable, Ledger, MediaStore

log = structlog.get_logger()


class UploadStore(MediaStore, Erasable, Protocol):
    """A media store that can forget what was stored in vain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """What a request says beside its body. `upload_id` stays the same when a client tries again."""

    upload_id: str
    tenant: str
    lane: Lane
    uploader_id: str | None = None


class Reception:
    """Takes uploads in, over a ledger and a media store."""

    def __init__(
        self, ledger: Ledger, store: UploadStore, accept: Callable[[Upload], Awaitable[bool]]
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._accept = accept

    async def knows(self, sender: Sender) -> bool:
        """Whether the upload was accepted before; asked before the first byte is stored.

        Raises:
            LedgerUnavailable: nobody could refer to what would be stored now.
            Refused: another tenant's upload has this id, or it was erased.
        """
        tenant = await self._owner(sender.upload_id)
        if tenant not in (None, sender.tenant):
            raise Refused(409, "taken", f"upload_id {sender.upload_id} is another tenant's")
        return tenant is not None

    async def address(self, sender: Sender, uri: str, file_name: str | None) -> None:
        """Announce media that lie elsewhere."""
        await self._accept(_upload(sender, uri, file_name))

    async def file(self, sender: Sender, part: FilePart, *, max_bytes: int) -> None:
        """Store a file and announce it. Every attempt has a key of its own: none replaces another.

        Raises:
            MediaTooLarge: it has more than `max_bytes`.
            BadForm, Refused: its body is damaged, or breaks off.
        """
        key = f"media/{sender.tenant}/{sender.upload_id}/{uuid.uuid4().hex}"
        try:
            await self._store.put(key, limited_to(max_bytes, part.chunks()))
        except Exception:
            await self._erase(key)
            raise
        upload = _upload(sender, f"store:///{key}", part.name)
        try:
            accepted = await self._accept(upload)
        except Exception:
            await self._erase_unless_announced(upload, key)
            raise
        if not accepted:  # another attempt was faster
            await self._erase_unless_announced(upload, key)

    async def _owner(self, upload_id: str) -> str | None:
        try:
            return (await self._ledger.status(upload_id)).upload.tenant
        except UploadErased as error:
            detail = "the upload was erased: send it under another upload_id"
            raise Refused(410, "erased", detail) from error
        except UnknownUpload:
            return None

    async def _erase_unless_announced(self, upload: Upload, key: str) -> None:
        """A write whose answer was lost may be in the ledger all the same: it knows."""
        try:
            announced = (await self._ledger.status(upload.upload_id)).upload
        except UnknownUpload:
            announced = None
        except Unavailable:
            log.warning("media.orphaned", key=key)
            return
        if announced is None or announced.uri != upload.uri:
            await self._erase(key)

    async def _erase(self, key: str) -> None:
        try:
            await self._store.delete(key)
        except Unavailable:
            log.warning("media.orphaned", key=key)


def _upload(sender: Sender, uri: str, file_name: str | None) -> Upload:
    return Upload(
        upload_id=sender.upload_id,
        tenant=sender.tenant,
        lane=sender.lane,
        uri=uri,
        announced_at=datetime.now(UTC),
        file_name=file_name,
        uploader_id=sender.uploader_id,
    )
