"""How well scores tell two classes apart, and how honest probabilities are."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def area_under_curve(scores: ArrayLike, labels: ArrayLike) -> float:
    """The chance that a forged one (label 1) scores over a real one (0), ties counting half.

    NaN when a class is missing. Mann & Whitney's U from mean ranks.
    """
    values, forged = np.asarray(scores, float).ravel(), np.asarray(labels).ravel() > 0.5
    positives, negatives = int(forged.sum()), int((~forged).sum())
    if not positives or not negatives:
        return float("nan")
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    u = ranks[forged].sum() - positives * (positives + 1) / 2
    return float(u / (positives * negatives))


def expected_calibration_error(
    probabilities: ArrayLike, labels: ArrayLike, *, bins: int = 10
) -> float:
    """The mean gap between what was said and what was so, over bins of equal width (0 to 1)."""
    said, so = np.asarray(probabilities, float).ravel(), np.asarray(labels, float).ravel()
    places = np.minimum((said * bins).astype(int), bins - 1)
    gaps = [
        abs(said[places == place].mean() - so[places == place].mean()) * (places == place).mean()
        for place in np.unique(places)
    ]
    return float(sum(gaps))
