"""What a model's answers mean: logits to probabilities, embeddings to a distance.

Both are fitted after training and lie beside the model's weights.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from moderation.errors import InvalidConfiguration


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Platt scaling with a temperature: `fake = sigmoid((logit - bias) / temperature)`.

    (Platt, Probabilistic Outputs for Support Vector Machines, 1999; Guo et al.,
    On Calibration of Modern Neural Networks, ICML 2017.)
    """

    id: str
    temperature: float
    bias: float

    @classmethod
    def load(cls, folder: Path) -> Calibration:
        """Read `calibration.json` of a model's version folder.

        Raises:
            InvalidConfiguration: it is missing, or is no calibration.
        """
        path = folder / "calibration.json"
        try:
            found = json.loads(path.read_text())
            loaded = cls(
                id=str(found["id"]),
                temperature=float(found["temperature"]),
                bias=float(found["bias"]),
            )
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise InvalidConfiguration(f"no calibration in {path}: {error!r}") from error
        if not loaded.temperature > 0.0:
            raise InvalidConfiguration(f"{path}: temperature must be above 0")
        return loaded

    def probability(self, logits: Sequence[float] | NDArray[np.float32]) -> NDArray[np.float64]:
        """Turn logits (N) into probabilities of being fake (N, 0 to 1)."""
        scaled = (np.asarray(logits, np.float64) - self.bias) / self.temperature
        # Beyond 40 a double cannot tell the result from 0 or 1; exp would overflow far later.
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(scaled, -40.0, 40.0))), np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingReference:
    """Where the embeddings of the training data lie: a Gaussian in their principal components.

    `mean` (D), `components` (K D), `scales` (K, standard deviations along the
    components) and `far`, the Mahalanobis norm that 99% of the training data stay under.
    """

    mean: NDArray[np.float32]
    components: NDArray[np.float32]
    scales: NDArray[np.float32]
    far: float

    @classmethod
    def load(cls, folder: Path) -> EmbeddingReference:
        """Read `reference.npz` of a model's version folder.

        Raises:
            InvalidConfiguration: it is missing, or is no reference.
        """
        path = folder / "reference.npz"
        try:
            with np.load(path, allow_pickle=False) as found:
                return cls(
                    mean=found["mean"],
                    components=found["components"],
                    scales=found["scales"],
                    far=float(found["far"]),
                )
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise InvalidConfiguration(f"no embedding reference in {path}: {error!r}") from error

    def distance(self, embeddings: NDArray[np.float32]) -> NDArray[np.float64]:
        """Say how far embeddings (N D) lie from the training data (N); 1 is its 99th percentile."""
        along = (embeddings - self.mean) @ self.components.T / self.scales
        return np.asarray(np.linalg.norm(along, axis=1) / self.far, np.float64)
