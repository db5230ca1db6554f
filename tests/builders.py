"""Builders for the hops' tests; a test names only what it cares about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from moderation.lineage import ModelIdentity
from moderation.media import Container, MediaFacts, MediaKind
from moderation.provenance import (
    LARGEST_BYTES,
    LONGEST_LIST,
    TEXT_BYTES,
    Credentials,
    ManifestPlace,
    Provenance,
    ProvenanceState,
    SourceAction,
    size_of,
)
from moderation.scores import CropScore
from moderation.tracks import Crop, CropQuality, Track
from moderation.upload import Lane, Upload
from streams.messages import UploadScored
from streams.retries import Origin
from streams.topics import Topics

TOPICS = Topics("test", partitions=1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MODEL = ModelIdentity(name="faces", version="1", sha256="cd" * 32)
FACTS = MediaFacts(
    sha256="ab" * 32,
    size_bytes=1000,
    kind=MediaKind.IMAGE,
    container=Container.JPEG,
    codec="jpeg",
    width=640,
    height=480,
    duration_seconds=None,
    frames_sampled=1,
)
CROP = Crop(
    crop_id=0,
    track_id=0,
    at_seconds=0.0,
    box_xyxy=(0.0, 0.0, 100.0, 100.0),
    quality=CropQuality(face_pixels=100, sharpness=100, frontality=0.9, detector_score=0.99),
)


def _fullest() -> Provenance:
    """As large as a provenance may be, of texts that take more bytes in JSON than elsewhere."""
    text = '"' * (TEXT_BYTES // 2)
    action = SourceAction(action=text, digital_source_type=text, software=text)
    credentials = Credentials(place=ManifestPlace.EMBEDDED, actions=(action,) * LONGEST_LIST)
    full = Provenance(state=ProvenanceState.TRUSTED, credentials=credentials)
    codes: list[str] = []
    while (room := LARGEST_BYTES - size_of(full) - sum(len(code) + 3 for code in codes) - 3) > 0:
        codes.append("s" * min(room, TEXT_BYTES))
    return replace(full, credentials=replace(credentials, status_codes=tuple(codes)))


FULLEST = _fullest()
TRACK = Track(track_id=0, first_seconds=0.0, last_seconds=0.0, frames_seen=1)


def an_upload(upload_id: str = "u1", **changes: object) -> Upload:
    upload = Upload(
        upload_id=upload_id,
        tenant="acme",
        lane=Lane.LIVE,
        uri="store:///media/acme/u1",
        announced_at=NOON,
    )
    return replace(upload, **changes)


def scored(*logits: float, **changes: object) -> UploadScored:
    message = UploadScored(
        upload=an_upload(),
        preprocessing="crops-1",
        media=FACTS,
        face_pack="packs/u1.zip",
        tracks=(TRACK,) if logits else (),
        scores=tuple(CropScore(crop=CROP, logits={"blending": logit}) for logit in logits),
        model=MODEL if logits else None,
    )
    return replace(message, **changes)


def an_origin(value: bytes | None, topic: str = "test.uploads.live") -> Origin:
    return Origin(topic=topic, partition=0, offset=0, key=b"u1", value=value, headers={})
