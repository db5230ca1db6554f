"""Scores crops for training's later steps, with an exported network and without torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino
from numpy.typing import NDArray


class Scorer:
    """The exported network as it is served: OpenVINO, float32."""

    def __init__(self, file: Path, *, threads: int = 0) -> None:
        properties: dict[str, object] = {"INFERENCE_PRECISION_HINT": "f32"}
        if threads:
            properties["INFERENCE_NUM_THREADS"] = threads
        self._compiled = openvino.Core().compile_model(file, "CPU", properties)

    def score(self, crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Logits (N,) and embeddings (N D) of crops (N 224 224 3, uint8, RGB)."""
        logits, embeddings = [], []
        for start in range(0, len(crops), 32):
            answer = self._compiled(crops[start : start + 32])
            logits.append(answer["logit"][:, 0].copy())
            embeddings.append(answer["embedding"].copy())
        return np.concatenate(logits), np.concatenate(embeddings)
