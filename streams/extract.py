"""Hop 1: an announced upload becomes a face pack in the media store."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from math import log2
from pathlib import Path
from time import monotonic
from typing import Protocol

import structlog

from inference.ports import Extraction, FaceExtractor
from moderation.errors import MediaRejected, MediaStoreUnavailable
from moderation.upload import Lane, Upload
from moderation.verdict import Rejection
from monitoring import metrics
from storage.ports import MediaStore, OutboundMessage, Source
from streams.intake import read_announcement
from streams.messages import FACES, SCORED, FacesFound, UploadAnnounced, UploadScored
from streams.retries import Origin
from streams.topics import Topics

log = structlog.get_logger()


class KnownBytes(Protocol):
    """Who ends uploads of bytes that were judged before: `streams.same_bytes.SameBytes`."""

    async def conclude(self, upload: Upload, media: Path) -> bool:
        """Give an upload its verdict; False: its media is to be looked at."""
        ...


class Extract:
    """Fetches, decodes, follows faces, and keeps their crops.

    `spool` is a folder for media while they are worked on. With `known`, media of whose
    bytes a verdict stands are not looked at again.
    """

    def __init__(
        self,
        source: Source,
        extractor: FaceExtractor,
        media_store: MediaStore,
        topics: Topics,
        *,
        spool: Path,
        known: KnownBytes | None = None,
    ) -> None:
        self._source = source
        self._extractor = extractor
        self._media_store = media_store
        self._topics = topics
        self._spool = spool
        self._known = known

    async def __call__(self, origin: Origin) -> Sequence[OutboundMessage]:
        """Turn one announcement into one message: to `faces`, or straight to `scores`.

        Into none where the upload took over the verdict that stands on its bytes.

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
        if found is None:
            return []
        _count(upload, found)
        if not found.crops:
            return [self._without_face(upload, found)]
        return [await self._with_faces(upload, found)]

    async def _extract(self, announced: UploadAnnounced) -> Extraction | None:
        """What is in the media; None where nobody need look at it again."""
        upload = announced.upload
        with _workplace(self._spool) as media:
            started = monotonic()
            await self._source.fetch(upload.uri, media)
            fetched = monotonic()
            metrics.STAGE_SECONDS.labels("fetch").observe(fetched - started)
            if self._known and not announced.afresh and await self._known.conclude(upload, media):
                return None
            found = await self._extractor.extract(media, urgent=upload.lane is Lane.LIVE)
            metrics.STAGE_SECONDS.labels("extract").observe(monotonic() - fetched)
            return found

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
    """Where one upload's media lies while it is worked on. A spool that is full or gone is
    nobody's upload's fault.
    """
    media = spool / uuid.uuid4().hex
    try:
        try:
            yield media
        finally:
            # A file system that became read-only refuses this also where there is no file.
            media.unlink(missing_ok=True)
    except OSError as error:
        raise MediaStoreUnavailable(f"the spool cannot be used: {error}") from error


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
