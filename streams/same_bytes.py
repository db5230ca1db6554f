"""Bytes of which a verdict stands are not looked at again: an upload of them takes it over."""

from __future__ import annotations

import hashlib
from asyncio import to_thread
from pathlib import Path

from moderation.errors import LedgerUnavailable, MissingMedia, Superseded
from moderation.upload import Upload
from moderation.verdict import Verdict
from storage.ports import Ranged
from streams.before import Before
from streams.record import Record


class SameBytes:
    """Ends uploads of known bytes; `packs` is where the faces lie that were judged."""

    def __init__(self, before: Before, record: Record, packs: Ranged) -> None:
        self._before = before
        self._record = record
        self._packs = packs

    async def conclude(self, upload: Upload, media: Path) -> bool:
        """Give an upload the verdict that stands on its bytes; False: the media is to be looked at.

        A ledger that does not answer is not waited for: whoever tried again would fetch the media
        each time, and to look at them once more costs no more than time.

        Raises:
            MediaStoreUnavailable.
        """
        sha256 = await to_thread(_sha256, media)
        try:
            standing = await self._before.standing(upload, sha256)
            if standing is None or not await self._has_its_faces(standing):
                return False
            return await self._record.take_over(upload, standing)
        except (LedgerUnavailable, Superseded):
            return False

    async def _has_its_faces(self, standing: Verdict) -> bool:
        """Whether people could look at what was judged: packs may be kept for a shorter time."""
        if standing.face_pack is None:
            return True
        try:
            await self._packs.size(standing.face_pack)
        except MissingMedia:
            return False
        return True


def _sha256(media: Path) -> str:
    with media.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
