"""Hop 1: an announced upload becomes a face pack in the media store."""

from __future__ import annotations

import hashlib
import tempfile
from asyncio import to_thread
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from math import log2
from pathlib import Path
from time import monotonic
from typing import Protocol

import structlog

from inference.ports import Extraction, FaceExtractor
from moderation.errors import (
    LedgerUnavailable,
    MediaRejected,
    MediaStoreUnavailable,
    MissingMedia,
)
from moderation.upload import Lane, Upload
from moderation.verdict import Rejection, Verdict
from monitoring import metrics
from storage.ports import MediaStore, OutboundMessage, Ranged, Source
from streams.before import Before
from streams.intake import read_announcement
from streams.messages import FACES, SCORED, FacesFound, UploadAnnounced, UploadScored
from streams.retries import Origin
from streams.topics import Topics

log = structlog.get_logger()


class Packs(MediaStore, Ranged, Protocol):
    """Where face packs are written, and asked for."""


class Extract:
    """Fetches, decodes, follows faces, and keeps their crops.

    `spool` is a folder for media while they are worked on. With `before`, media of whose
    bytes a verdict stands are not looked at again.
    """

    def __init__(
        self,
        source: Source,
        extractor: FaceExtractor,
        media_store: Packs,
        topics: Topics,
        *,
        spool: Path,
        before: Before | None = None,
    ) -> None:
        self._source = source
        self._extractor = extractor
        self._media_store = media_store
        self._topics = topics
        self._spool = spool
        self._before = before

    async def __call__(self, origin: Origin) -> Sequence[OutboundMessage]:
        """Turn one announcement into one message: to `faces`, or straight to `scores`.

        Raises:
            UnparsableMessage: it is no announcement.
            Unavailable: the source, the decoders or the media store; try again.
        """
        announced = read_announcement(origin, self._topics)
        upload = announced.upload
        try:
            found = await self._extract(announced)
        except MediaRejected as error:
            metrics.UPLOADS_REJECTED.labels(error.reason).inc()
            return [self._rejected(upload, error)]
        if isinstance(found, str):
            return [self._to_scores(UploadScored(upload=upload, same_bytes=found))]
        _count(upload, found)
        if not found.crops:
            return [self._without_face(upload, found)]
        return [await self._with_faces(upload, found)]

    async def _extract(self, announced: UploadAnnounced) -> Extraction | str:
        """What is in the media; or its SHA-256, where nobody need look at it again."""
        upload = announced.upload
        with _workplace(self._spool) as folder:
            media = folder / "media"
            started = monotonic()
            await self._source.fetch(upload.uri, media)
            fetched = monotonic()
            metrics.STAGE_SECONDS.labels("fetch").observe(fetched - started)
            known = None if announced.afresh else await self._known(upload, media)
            if known is not None:
                return known
            found = await self._extractor.extract(media, urgent=upload.lane is Lane.LIVE)
            metrics.STAGE_SECONDS.labels("extract").observe(monotonic() - fetched)
            return found

    async def _known(self, upload: Upload, media: Path) -> str | None:
        """The SHA-256 of media of whose bytes a verdict stands; None of all else.

        A ledger that does not answer is not waited for: whoever tried again would fetch the media
        each time, and to look at them once more costs no more than time.
        """
        if self._before is None:
            return None
        sha256 = await to_thread(_sha256, media)
        try:
            standing = await self._before.standing(upload, sha256)
        except LedgerUnavailable:
            return None
        return sha256 if standing and await self._has_its_faces(standing) else None

    async def _has_its_faces(self, standing: Verdict) -> bool:
        """Whether people could look at what was judged: packs may be kept for a shorter time."""
        if standing.face_pack is None:
            return True
        try:
            await self._media_store.size(standing.face_pack)
        except MissingMedia:
            return False
        return True

    async def _with_faces(self, upload: Upload, found: Extraction) -> OutboundMessage:
        # Named by content: repeated work writes the same object again.
        key = f"packs/{upload.tenant}/{found.facts.sha256}/{found.preprocessing}.zip"
        await self._media_store.put(key, found.pack)
        message = FacesFound(
            upload=upload,
            media=found.facts,
            provenance=found.provenance,
            face_pack=key,
            preprocessing=found.preprocessing,
            looks=found.looks,
        )
        topic = self._topics.faces(upload.lane)
        return FACES.encode(message, topic=topic, upload_id=upload.upload_id, at=_now())

    def _without_face(self, upload: Upload, found: Extraction) -> OutboundMessage:
        return self._to_scores(
            UploadScored(
                upload=upload,
                preprocessing=found.preprocessing,
                media=found.facts,
                provenance=found.provenance,
                looks=found.looks,
            )
        )

    def _rejected(self, upload: Upload, error: MediaRejected) -> OutboundMessage:
        rejection = Rejection(reason=error.reason, detail=error.detail[:500])
        return self._to_scores(UploadScored(upload=upload, rejection=rejection))

    def _to_scores(self, message: UploadScored) -> OutboundMessage:
        upload = message.upload
        topic = self._topics.scores(upload.lane)
        return SCORED.encode(message, topic=topic, upload_id=upload.upload_id, at=_now())


@contextmanager
def _workplace(spool: Path) -> Iterator[Path]:
    """A folder for one upload. A spool that is full or gone is nobody's upload's fault."""
    try:
        with tempfile.TemporaryDirectory(dir=spool) as folder:
            yield Path(folder)
    except OSError as error:
        raise MediaStoreUnavailable(f"the spool cannot be used: {error}") from error


def _sha256(media: Path) -> str:
    with media.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _count(upload: Upload, found: Extraction) -> None:
    metrics.FRAMES_SAMPLED.inc(found.facts.frames_sampled)
    metrics.FACES_KEPT.inc(len(found.crops))
    for crop in found.crops:
        metrics.FACE_SIZES.labels(2 ** int(log2(max(crop.quality.face_pixels, 1.0)))).inc()
    metrics.PROVENANCE_READ.labels(found.provenance.state).inc()
    for part in found.provenance.unread:
        log.info("provenance.unread", upload_id=upload.upload_id, part=part.part, because=part.why)


def _now() -> datetime:
    return datetime.now(UTC)
