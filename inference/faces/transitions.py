"""Describes how a face changes between close frames, for a head that tells swaps from tracks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inference.faces import flicker
from inference.reading.bursts import BURST, runs

Floats = NDArray[np.float32]

_NAMES_OF_EMBEDDINGS = (
    "embedding: close",
    "embedding: close over far",
    "embedding: outer over inner",
    "embedding: tremor over way",
)
_NAMES_OF_A_BURST = (*flicker.NAMES, *_NAMES_OF_EMBEDDINGS)
NAMES = (
    *(f"{name}, mean" for name in _NAMES_OF_A_BURST),
    *(f"{name}, most" for name in _NAMES_OF_A_BURST),
)
# Names how the features are made, as `inference.faces.crops.ALIGNMENT` does for crops: a head is
# of no use for others. Any change here, in `inference.faces.flicker` or in
# `inference.reading.bursts` that changes their values needs another name.
FEATURES = "transitions-1"
_SMALLEST = 1e-4  # of an embedding's length


def transition_features(
    pixels: NDArray[np.uint8], embeddings: Floats, at_seconds: Sequence[float]
) -> Floats | None:
    """Describe a track by its bursts (F, float32; `NAMES`), or None where it has none.

    `pixels` (N 224 224 3, uint8, RGB), `embeddings` (N D) and `at_seconds` (N) are those
    of one track. Of each burst of three `flicker.tremor_of` its crops, and of its embeddings
    a, b, c, with far = the mean distance between moments and near = (|a - b| + |b - c|) / 2:

        log(near / |b|)         how much a tenth of a second changes,
        log(near / far)         against what seconds change; 0 where there is one moment,
        log(|a - c| / near)     log 2 when it goes on, log 1 when it trembles,
        log(|a - 2b + c| / |a - c|)   the other way round.

    Over bursts the mean, and the greatest.
    """
    order = np.argsort(np.asarray(at_seconds, float), kind="stable")
    found = runs([float(at_seconds[place]) for place in order])
    whole = [order[run.start : run.stop] for run in found if len(run) == BURST]
    if not whole:
        return None
    far = _far(embeddings[[int(order[run.start]) for run in found]])
    table = np.stack(
        [
            np.concatenate(
                [flicker.tremor_of(pixels[burst]), _of_embeddings(embeddings[burst], far)]
            )
            for burst in whole
        ]
    )
    return np.concatenate([table.mean(0), table.max(0)]).astype(np.float32)


def _far(moments: Floats) -> float | None:
    """The mean distance between embeddings (M D) of different moments; None of one."""
    if len(moments) < 2:
        return None
    rows, columns = np.triu_indices(len(moments), 1)
    return float(np.linalg.norm(moments[rows] - moments[columns], axis=1).mean())


def _of_embeddings(burst: Floats, far: float | None) -> Floats:
    first, middle, last = burst.astype(np.float64)
    length = float(np.linalg.norm(middle)) + 1e-9
    least = _SMALLEST * length
    inner, other = np.linalg.norm(first - middle), np.linalg.norm(last - middle)
    near = (inner + other) / 2 + least
    outer = float(np.linalg.norm(first - last)) + least
    tremor = float(np.linalg.norm(first - 2 * middle + last)) + least
    over_far = 0.0 if far is None else np.log(near / (far + least))
    return np.array(
        [np.log(near / length), over_far, np.log(outer / near), np.log(tremor / outer)], np.float32
    )
