"""What reading a media yields: frames one by one, and an account of how the reading went."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from moderation.media import MediaKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One picture as shown: `pixels` is H W C, uint8, 0 to 255, RGB."""

    at_seconds: float
    pixels: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodingLimits:
    """How much of a media is read.

    `pixels`: of one frame, width times height; 64 million is a telephone's
        48-megapixel picture with room.
    `seconds`: the length of a video.
    `frames`: how many frames of a video are looked at.
    `decoded_pixels`: the sum over all frames that must be decoded to reach those;
        6 thousand million is about 100 s of 1080p at 30 frames a second.
    `threads`: of the video decoder.
    """

    pixels: int = 64_000_000
    seconds: float = 4 * 3600.0
    frames: int = 32
    decoded_pixels: int = 6_000_000_000
    threads: int = 2


@dataclass(slots=True, kw_only=True)
class Reading:
    """The account of a reading; it is complete once the last frame was taken.

    `width` and `height` are those of the first frame, as shown. `warnings` are
    words for machines, each at most once.
    """

    kind: MediaKind
    codec: str
    width: int = 0
    height: int = 0
    duration_seconds: float | None = None
    frames_sampled: int = 0
    frames_failed: int = 0
    warnings: list[str] = field(default_factory=list)

    def warn(self, word: str) -> None:
        if word not in self.warnings:
            self.warnings.append(word)

    def count(self, frame: Frame) -> Frame:
        """Enter a frame that decoded, and hand it on."""
        height, width = frame.pixels.shape[:2]
        if not self.frames_sampled:
            self.width, self.height = width, height
        if (width, height) != (self.width, self.height):
            self.warn("resolution_changed")
        self.frames_sampled += 1
        return frame
