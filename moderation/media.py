"""The bytes of an upload, and what is known of them once they were read."""

from __future__ import annotations

import re
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


_SHA256 = re.compile(r"[0-9a-f]{64}")
_COUNTS = ("size_bytes", "width", "height", "frames_sampled", "frames_failed")
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

    Raises:
        ValueError: `sha256` is none, or a size or a count is negative.
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

    def __post_init__(self) -> None:
        if not _SHA256.fullmatch(self.sha256):
            raise ValueError("sha256 must have 64 hexadecimal digits, in lower case")
        for name in _COUNTS:
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} must not be negative")

    @property
    def damaged(self) -> bool:
        """Whether a part of the media could not be read."""
        return self.frames_failed > 0 or not _DAMAGE.isdisjoint(self.warnings)
