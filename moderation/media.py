"""The bytes of an upload, and what is known of them once they were read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class MediaKind(StrEnum):
    IMAGE = "image"
    VIDEO = "video"


class Container(StrEnum):
    """How the bytes are wrapped, as their first bytes say (never the file's name)."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    GIF = "gif"
    HEIC = "heic"
    AVIF = "avif"
    MP4 = "mp4"
    MOV = "mov"
    MATROSKA = "matroska"
    WEBM = "webm"
    AVI = "avi"

    @property
    def kind(self) -> MediaKind:
        """A GIF is read as an image; it becomes a video when it holds several frames."""
        return MediaKind.IMAGE if self in _IMAGES else MediaKind.VIDEO


_DAMAGE = frozenset({"damaged", "truncated"})

_IMAGES = frozenset(
    {
        Container.JPEG,
        Container.PNG,
        Container.WEBP,
        Container.GIF,
        Container.HEIC,
        Container.AVIF,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFacts:
    """What reading the media established.

    `width` and `height` are pixels as shown, after rotation metadata.
    `frames_sampled` counts frames that decoded, `frames_failed` those that were
    asked for and did not.
    """

    sha256: str
    size_bytes: int
    kind: MediaKind
    container: Container
    codec: str
    width: int
    height: int
    duration_seconds: float | None
    frames_sampled: int
    frames_failed: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def damaged(self) -> bool:
        """Whether a part of the media could not be read."""
        return self.frames_failed > 0 or not _DAMAGE.isdisjoint(self.warnings)
