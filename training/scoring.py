"""Scores crops for training's later steps, with an exported network and without torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.scoring.local import load_network


class Scorer:
    """The exported network as it is served: OpenVINO, float32."""

    def __init__(self, file: Path, *, threads: int = 0) -> None:
        self._run = load_network(file, threads=threads)

    def score(self, crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Logits (N,) and embeddings (N D) of crops (N 224 224 3, uint8, RGB)."""
        logits, embeddings = [], []
        for start in range(0, len(crops), 32):
            self._run.infer({"crops": crops[start : start + 32]})
            # copied: the buffers are written again by the next run
            logits.append(self._run.get_tensor("logit").data[:, 0].copy())
            embeddings.append(self._run.get_tensor("embedding").data.copy())
        return np.concatenate(logits), np.concatenate(embeddings)
