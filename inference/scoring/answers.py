"""Whether what a model answered can be trusted as numbers; one check for every scorer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.ports import CropScores
from moderation.errors import ScorerUnavailable


class UnsoundAnswer(ScorerUnavailable):
    """The model answered, and the answer is nonsense."""


def sound_scores(
    logit: NDArray[Any] | None, embedding: NDArray[Any] | None, *, crops: int, width: int
) -> CropScores:
    """Turn a model's two outputs, (N, 1) and (N, width), into the scores of N crops.

    A server can say that all went well and send empty arrays: Triton's Python
    backend does under a numpy it was not built for.

    Raises:
        UnsoundAnswer: an output is missing, of another shape, or not finite.
    """
    return CropScores(
        logits=_sound("logit", logit, (crops, 1))[:, 0],
        embeddings=_sound("embedding", embedding, (crops, width)),
    )


def _sound(name: str, array: NDArray[Any] | None, shape: tuple[int, int]) -> NDArray[np.float32]:
    if array is None:
        raise UnsoundAnswer(f"the answer holds no {name}")
    if array.shape != shape:
        raise UnsoundAnswer(f"{name} has the shape {array.shape}, not {shape}")
    if not np.isfinite(array).all():
        raise UnsoundAnswer(f"{name} holds values that are not finite")
    return np.array(array, np.float32)  # copied: a scorer may write its buffer again
