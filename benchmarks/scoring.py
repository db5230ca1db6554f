"""A bundle's detectors in this process: crops in, scores out.

The only module of the benchmarks that knows how a bundle is loaded and asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from inference.calibration import BLENDING, Calibration, EmbeddingReference
from inference.facepack import FacePack
from inference.local import LocalScorer
from inference.weights import REPOSITORY, identify_weights
from moderation.fusion import Fusion
from moderation.scores import CropScore, TrackScore

MOST_CROPS = 32  # that a scorer takes at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a bundle says of a medium, before anybody judges."""

    scores: Sequence[CropScore]
    track_scores: Sequence[TrackScore] = ()


class Bundle:
    """A bundle's detectors in this process, on OpenVINO."""

    def __init__(self, folder: Path | None, *, threads: int) -> None:
        model = folder or REPOSITORY / "face_blending"
        self.identity = identify_weights(model)
        self.fusion: Fusion = Calibration.load(model / "1").fusion()
        self._reference = EmbeddingReference.load(model / "1")
        self._scorer = LocalScorer(model, threads=threads)
        self._loop = asyncio.Runner()

    def ask(self, pack: FacePack) -> Answers:
        scores = []
        for start in range(0, len(pack.crops), MOST_CROPS):
            crops = pack.crops[start : start + MOST_CROPS]
            answer = self._loop.run(self._scorer.score(pack.pixels[start : start + MOST_CROPS]))
            distances = self._reference.distance(answer.embeddings)
            for crop, logit, distance in zip(crops, answer.logits, distances, strict=True):
                scores.append(
                    CropScore(
                        crop=crop,
                        logits={BLENDING: float(logit)},
                        embedding_distance=float(distance),
                    )
                )
        return Answers(scores=scores)
