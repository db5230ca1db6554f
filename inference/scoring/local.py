"""Scores crops in this process with OpenVINO: for where no Triton can run."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from inference.bundles.bundle import Bundle
from inference.bundles.manifest import ModelDetector
from inference.bundles.weights import identify_weights, weights_file
from inference.ports import CropScores
from inference.scoring.answers import sound_scores
from inference.scoring.batching import Batcher
from inference.scoring.panel import Panel
from moderation.errors import ScorerMismatch
from moderation.lineage import ModelIdentity

# The first look at a tensor's data sets up OpenVINO's side of NumPy behind a lock that is taken
# while the interpreter's is held: two models that are asked for the first time at once wait for
# one another for ever. So that first look is here, where only one thread can be.
_ = ov.Tensor(np.zeros(1, np.float32)).data


class LocalScorer:
    """A CropScorer on the CPU of this machine, for one `version` of a model.

    `embedding` is how many values its embedding has. It runs in one thread of its
    own, so the event loop never waits; OpenVINO itself uses `threads` cores for a
    batch, all when 0.

    Raises:
        ScorerMismatch: there are no weights, or OpenVINO cannot load them.
    """

    def __init__(
        self, model_dir: Path, *, embedding: int, version: str = "1", threads: int = 0
    ) -> None:
        self._width = embedding
        self._identity = identify_weights(model_dir, version)
        self._run = load_network(weights_file(model_dir, version), threads=threads)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="openvino")

    async def score(self, crops: NDArray[np.uint8]) -> CropScores:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._score, crops)

    async def identify(self) -> ModelIdentity:
        return self._identity

    async def close(self) -> None:
        self._thread.shutdown(wait=False)

    def _score(self, crops: NDArray[np.uint8]) -> CropScores:
        try:
            self._run.infer({"crops": crops})
        except RuntimeError as error:
            raise ScorerMismatch(f"OpenVINO refuses the crops: {error}") from error
        logit, embedding = (self._run.get_tensor(name).data for name in ("logit", "embedding"))
        return sound_scores(logit, embedding, crops=len(crops), width=self._width)


def local_panel(bundle: Bundle, *, threads: int = 0) -> Panel:
    """A bundle's detectors in this process, asked as serving asks them: for one event loop.

    Raises:
        InvalidConfiguration, ScorerMismatch: a head or a network cannot be loaded.
    """
    models = bundle.manifest.models
    asked = {one.name: Batcher(local_scorer(bundle, one, threads=threads)) for one in models}
    return Panel(bundle, asked)


def local_scorer(bundle: Bundle, detector: ModelDetector, *, threads: int = 0) -> LocalScorer:
    """A bundle's detector in this process. Raises: ScorerMismatch: it cannot be loaded."""
    return LocalScorer(
        bundle.folder / detector.model,
        embedding=detector.embedding,
        version=detector.version,
        threads=threads,
    )


def load_network(weights: Path, *, threads: int) -> Any:
    """A network as it is served, ready to be asked: an OpenVINO infer request.

    Raises:
        ScorerMismatch: OpenVINO cannot load it.
    """
    # f32, as in Triton: bf16 moves the logits that the calibration was fitted on.
    properties: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
    }
    if threads:
        properties["INFERENCE_NUM_THREADS"] = threads
    try:
        return ov.Core().compile_model(weights, "CPU", properties).create_infer_request()
    except RuntimeError as error:
        raise ScorerMismatch(f"OpenVINO cannot load {weights.name}: {error}") from error
