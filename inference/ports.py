"""What the stream needs of the instruments that look at pixels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from moderation.lineage import ModelIdentity
from moderation.looks import Look
from moderation.media import MediaFacts
from moderation.provenance import UNKNOWN, Provenance
from moderation.tracks import Crop, Face, Track


class FaceDetector(Protocol):
    def detect(self, frame: NDArray[np.uint8]) -> list[Face]:
        """Find the faces in a frame (H W C, uint8, 0 to 255, RGB), best first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """What is left of a media once its faces are kept.

    `pack` is the face pack, one object (see `inference.faces.facepack`), empty bytes
    when no face was found. `preprocessing` names how the crops were made. `looks` are at
    most MOST_LOOKS, all comparable.
    """

    facts: MediaFacts
    tracks: tuple[Track, ...]
    crops: tuple[Crop, ...]
    pack: bytes
    preprocessing: str
    provenance: Provenance = UNKNOWN
    looks: tuple[Look, ...] = ()


class FaceExtractor(Protocol):
    async def extract(self, media: Path, *, urgent: bool = True) -> Extraction:
        """Decode, detect, track and crop a local file.

        One that is not urgent lets every urgent one go before it.

        Raises:
            MediaRejected: the file cannot be judged, or costs more than it may.
            DecoderUnavailable: no process could be had to do it.
        """
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CropScores:
    """A model's answer for N crops: `logits` (N, float32), `embeddings` (N D, float32).

    `seconds` is what it cost, where somebody measured that (`inference.scoring.metering`).
    """

    logits: NDArray[np.float32]
    embeddings: NDArray[np.float32]
    seconds: float = 0.0


class CropScorer(Protocol):
    async def score(self, crops: NDArray[np.uint8]) -> CropScores:
        """Score aligned crops (N H W C, uint8, 0 to 255, RGB); N from 1 to 32.

        Raises:
            ScorerUnavailable: no sound answer within the deadline, retries included.
            ScorerMismatch: the server refuses the request, or has no such model.
        """
        ...

    async def identify(self) -> ModelIdentity:
        """Say which model answers: name, version, sha256.

        Raises:
            ScorerUnavailable: it cannot be asked now.
            ScorerMismatch: the server has no such model.
        """
        ...

    async def close(self) -> None: ...
