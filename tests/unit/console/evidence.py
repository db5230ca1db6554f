"""What the tests of evidence speak of."""

from __future__ import annotations

from moderation.media import Container, MediaFacts, MediaKind

CROP = "/uploads/u1/verdicts/u1-strict/crops/0"
SHEET = "/uploads/u1/verdicts/u1-strict/tracks/0/crops"
POSTER = "/uploads/u1/verdicts/u1-strict/poster"
CLIP = MediaFacts(
    sha256="ab" * 32,
    size_bytes=1,
    kind=MediaKind.VIDEO,
    container=Container.MP4,
    codec="h264",
    width=640,
    height=360,
    duration_seconds=10.0,
    frames_sampled=32,
)
