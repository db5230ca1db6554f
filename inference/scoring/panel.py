"""All detectors of a bundle, asked about the faces of one upload: serving and measuring alike."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.bundles.bundle import Bundle
from inference.bundles.manifest import HeadDetector, ModelDetector
from inference.faces.facepack import FacePack
from inference.faces.transitions import transition_features
from inference.ports import CropScores
from moderation.scores import CropScore, TrackScore

# Of logits, probabilities and distances: what batches change lies beyond, and messages stay small.
DECIMALS = 4

Floats = NDArray[np.float32]

# One track's crops (N 224 224 3, uint8), their embeddings (N D) and times in seconds (N) in;
# its features (F) out, None where no frames are close enough.
TrackFeatures = Callable[[NDArray[np.uint8], Floats, Sequence[float]], Floats | None]


class Asked(Protocol):
    """A model that answers for crops; `inference.scoring.batching.Batcher` in serving."""

    async def score(self, crops: NDArray[np.uint8], *, urgent: bool) -> CropScores: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a bundle says of an upload; `by_model` is what its models answered, as it came.

    `seconds` is what it cost: the models' own time, and the processor time of the heads.
    """

    scores: tuple[CropScore, ...]
    track_scores: tuple[TrackScore, ...]
    by_model: Mapping[str, CropScores]
    seconds: float = 0.0


class Panel:
    """The detectors and screens of a bundle; `asked` are its models, by the detector's name.

    Heads are run in `thread`, in one of the event loop's own when None.

    Raises:
        InvalidConfiguration: a head cannot be read.
    """

    def __init__(
        self,
        bundle: Bundle,
        asked: Mapping[str, Asked],
        *,
        track_features: TrackFeatures = transition_features,
        thread: Executor | None = None,
    ) -> None:
        manifest = bundle.manifest
        self._thread = thread
        self._asked = {detector.name: asked[detector.name] for detector in manifest.models}
        self._detectors = [
            detector
            for detector in manifest.detectors
            if isinstance(detector, ModelDetector | HeadDetector)
        ]
        self._heads = {one.name: bundle.head(one.head, of=one.of) for one in manifest.heads}
        self._screens = [(one.of, bundle.head(one.head, of=one.of)) for one in manifest.screens]
        self._over_tracks = [
            (one.name, one.of or manifest.models[0].name, bundle.head(one.head))
            for one in manifest.over_tracks
        ]
        self._track_features = track_features
        self._of = manifest.reference.of if manifest.reference else ""
        self._reference = bundle.reference()

    async def ask(self, pack: FacePack, *, urgent: bool) -> Answers:
        """Ask every model about the same crops, and every head about what the models say.

        Raises:
            ScorerUnavailable, ScorerMismatch: as the first model that fails.
        """
        asking = [
            asyncio.ensure_future(model.score(pack.pixels, urgent=urgent))
            for model in self._asked.values()
        ]
        try:
            answers = await asyncio.gather(*asking)
        finally:
            for one in asking:  # one that failed makes the others' answers useless
                one.cancel()
        by_model = dict(zip(self._asked, answers, strict=True))
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self.read, pack, by_model)

    def read(self, pack: FacePack, by_model: Mapping[str, CropScores]) -> Answers:
        """Turn what the models answered for a pack's crops into scores.

        Raises:
            ScorerMismatch: the answers are not what the heads were made for.
        """
        began = time.thread_time()
        logits = {one.name: _rounded(self._logits(one, by_model)) for one in self._detectors}
        screens: dict[str, list[float]] = {}
        for of, head in self._screens:
            answer = head.logits(by_model[of].embeddings)
            screens |= dict(zip(head.outputs, map(_rounded, _sigmoid(answer).T), strict=True))
        distances: list[float] | None = None
        if self._reference is not None:
            distances = _rounded(self._reference.distance(by_model[self._of].embeddings))
        track_scores = tuple(self._of_tracks(pack, by_model))
        heads = time.thread_time() - began
        return Answers(
            scores=tuple(
                CropScore(
                    crop=crop,
                    logits={name: values[place] for name, values in logits.items()},
                    embedding_distance=distances[place] if distances else None,
                    screens={name: values[place] for name, values in screens.items()},
                )
                for place, crop in enumerate(pack.crops)
            ),
            track_scores=track_scores,
            by_model=by_model,
            seconds=heads + sum(said.seconds for said in by_model.values()),
        )

    def _logits(
        self, detector: ModelDetector | HeadDetector, by_model: Mapping[str, CropScores]
    ) -> Floats:
        if isinstance(detector, ModelDetector):
            return by_model[detector.name].logits
        embeddings = by_model[detector.of].embeddings
        logits: Floats = self._heads[detector.name].logits(embeddings)[:, 0]
        return logits

    def _of_tracks(
        self, pack: FacePack, by_model: Mapping[str, CropScores]
    ) -> Iterator[TrackScore]:
        for track in pack.tracks:
            mine = [n for n, crop in enumerate(pack.crops) if crop.track_id == track.track_id]
            at_seconds = [pack.crops[place].at_seconds for place in mine]
            logits: dict[str, float] = {}
            for name, of, head in self._over_tracks:
                embeddings = by_model[of].embeddings[mine]
                features = self._track_features(pack.pixels[mine], embeddings, at_seconds)
                if features is not None:
                    logits[name] = _rounded(head.logits(features[None])[:, 0])[0]
            if logits:
                yield TrackScore(track_id=track.track_id, logits=logits)


def _rounded(values: Floats) -> list[float]:
    return [round(float(value), DECIMALS) for value in values]


def _sigmoid(logits: Floats) -> Floats:
    return np.asarray((1 + np.tanh(logits / 2)) / 2, np.float32)  # never overflows
