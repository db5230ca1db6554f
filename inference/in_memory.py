"""Instruments without networks, for tests: they answer what they were told to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.ports import CropScores, Extraction
from moderation.errors import (
    DecoderUnavailable,
    EmptyMedia,
    ModerationError,
    ScorerMismatch,
    UnreadableMedia,
    UnsupportedMedia,
)
from moderation.lineage import ModelIdentity

CROP_SHAPE = (224, 224, 3)
LARGEST_REQUEST = 64


def logit_of_brightness(crop: NDArray[np.uint8]) -> float:
    """A bright crop leans to fake: -4 when black, 4 when white."""
    return float(crop.mean()) / 255.0 * 8.0 - 4.0


class ScriptedScorer:
    """A CropScorer whose logits are a function of each crop (H W C, uint8, RGB).

    `failures` are raised by the next calls of `score`, one each, None meaning
    that the call succeeds. All `embedding` values of an embedding are the logit.
    `requests` are the crops of every call.
    """

    def __init__(
        self,
        logit: Callable[[NDArray[np.uint8]], float] = logit_of_brightness,
        *,
        failures: Iterable[ModerationError | None] = (),
        identity: ModelIdentity | None = None,
        embedding: int = 1280,
    ) -> None:
        self._logit = logit
        self._width = embedding
        self._failures = list(failures)
        self._identity = identity or ModelIdentity(name="scripted", version="1", sha256="0" * 64)
        self.requests: list[NDArray[np.uint8]] = []
        self.closed = False

    async def score(self, crops: NDArray[np.uint8]) -> CropScores:
        self.requests.append(crops)
        failure = self._failures.pop(0) if self._failures else None
        if failure is not None:
            raise failure
        if crops.dtype != np.uint8 or crops.shape[1:] != CROP_SHAPE:
            raise ScorerMismatch(f"crops are {crops.dtype} {crops.shape}")
        if not 1 <= len(crops) <= LARGEST_REQUEST:
            raise ScorerMismatch(f"{len(crops)} crops in one request")
        logits = np.array([self._logit(crop) for crop in crops], np.float32)
        return CropScores(logits=logits, embeddings=np.repeat(logits[:, None], self._width, axis=1))

    async def identify(self) -> ModelIdentity:
        return self._identity

    async def close(self) -> None:
        self.closed = True


class ScriptedExtractor:
    """A FaceExtractor that knows some media by their bytes, and of others that it does not.

    An answer that is an error is raised. `extracted` lists the media and whether each
    was urgent.
    """

    def __init__(self, answers: Mapping[bytes, Extraction | ModerationError]) -> None:
        self._answers = answers
        self.extracted: list[tuple[Path, bool]] = []
        self.closed = False

    async def extract(self, media: Path, *, urgent: bool = True) -> Extraction:
        if self.closed:
            raise DecoderUnavailable("the decoders were closed")
        self.extracted.append((media, urgent))
        try:
            content = media.read_bytes()  # noqa: ASYNC240 - a fake, on a few bytes
        except OSError as error:
            raise UnreadableMedia("the file went away before it was read") from error
        if not content:
            raise EmptyMedia
        answer = self._answers.get(content, UnsupportedMedia())
        if isinstance(answer, ModerationError):
            raise answer
        return answer

    async def close(self) -> None:
        self.closed = True
