"""How faces are looked for: what an operator may set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceSearch:
    """How faces are found and kept.

    `detector`: a YuNet or SCRFD file; MTCNN from its package when None.
    `smallest_face`: shorter side, pixels. `tracks`: people kept of one media.
    """

    detector: Path | None = None
    smallest_face: int = 40
    crops_per_track: int = 16
    tracks: int = 8
