"""How well scores tell two classes apart, and how honest probabilities are (NumPy alone).

Arrays are one-dimensional and parallel; a label above 0.5 means forged. NaN stands for what
cannot be said, as where a class is missing. Written here rather than called in scikit-learn
because a bootstrap asks a thousand times; the tests hold each against scikit-learn.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# The Deepfake Detection Challenge's scorer, as every log loss of Kaggle, replaced a probability p
# with max(min(p, 1 - 1e-15), 1e-15): certainty that is wrong costs 34.5, not infinity.
CHALLENGE_CLIP = 1e-15


class Roc(NamedTuple):
    """Rates (0 to 1) at every threshold that tells apart, from none flagged to all flagged."""

    false_positives: Floats
    true_positives: Floats
    precision: Floats


def roc(scores: ArrayLike, labels: ArrayLike) -> Roc | None:
    """The receiver operating characteristic; None when a class is missing."""
    values, forged = np.asarray(scores, float).ravel(), np.asarray(labels).ravel() > 0.5
    positives = int(forged.sum())
    negatives = forged.size - positives
    if not positives or not negatives:
        return None
    order = np.argsort(-values, kind="stable")
    ranked = values[order]
    last_of_equals = np.append(np.flatnonzero(np.diff(ranked)), ranked.size - 1)
    hits = np.cumsum(forged[order])[last_of_equals]
    flagged = last_of_equals + 1
    return Roc(
        false_positives=np.append(0.0, (flagged - hits) / negatives),
        true_positives=np.append(0.0, hits / positives),
        precision=np.append(1.0, hits / flagged),
    )


def area_under_curve(scores: ArrayLike, labels: ArrayLike) -> float:
    """The chance that a forged one scores over a real one, ties counting half."""
    curve = roc(scores, labels)
    return area_under(curve) if curve else float("nan")


def area_under(curve: Roc) -> float:
    steps = np.diff(curve.false_positives)
    heights = (curve.true_positives[1:] + curve.true_positives[:-1]) / 2
    return float(steps @ heights)


def average_precision(curve: Roc) -> float:
    """Precision at each threshold, weighed by the recall gained there (no interpolation)."""
    return float(np.diff(curve.true_positives) @ curve.precision[1:])


def equal_error_rate(curve: Roc) -> float:
    """Where as large a share of reals is flagged as of forgeries is missed; linear in between."""
    excess = curve.false_positives - (1 - curve.true_positives)  # rises from -1 to 1
    after = int(np.argmax(excess >= 0))
    share = -excess[after - 1] / (excess[after] - excess[after - 1])
    before, there = curve.false_positives[after - 1 : after + 1]
    return float(before + share * (there - before))


def true_positives_at(curve: Roc, false_positives: float) -> float:
    """The largest share of forgeries flagged at a threshold that flags no more reals than that.

    Not interpolated: with fewer than 1 / `false_positives` reals it means no real at all.
    """
    allowed = curve.false_positives <= false_positives
    return float(curve.true_positives[allowed].max())


def log_loss(probabilities: ArrayLike, labels: ArrayLike, *, clip: float = CHALLENGE_CLIP) -> float:
    """Mean negative log-likelihood in nats, of probabilities of being forged."""
    said = np.clip(np.asarray(probabilities, float).ravel(), clip, 1 - clip)
    forged = np.asarray(labels).ravel() > 0.5
    if not said.size:
        return float("nan")
    return float(-np.log(np.where(forged, said, 1 - said)).mean())


def expected_calibration_error(
    probabilities: ArrayLike, labels: ArrayLike, *, bins: int = 10
) -> float:
    """The mean gap between what was said and what was so, over bins of equal width (0 to 1)."""
    said, so = np.asarray(probabilities, float).ravel(), np.asarray(labels, float).ravel()
    if not said.size:
        return float("nan")
    gaps = np.bincount(_bins(said, bins), weights=said - so, minlength=bins)
    return float(np.abs(gaps).sum() / said.size)


def calibration_error_by_chance(probabilities: ArrayLike, *, bins: int = 10) -> float:
    """The calibration error to be expected of as many probabilities that are exactly right.

    A bin's gap has variance sum p (1 - p), and its size the mean of a half-normal variable.
    """
    said = np.asarray(probabilities, float).ravel()
    if not said.size:
        return float("nan")
    variances = np.bincount(_bins(said, bins), weights=said * (1 - said), minlength=bins)
    return float(np.sqrt(2 / np.pi * variances).sum() / said.size)


def _bins(said: Floats, bins: int) -> NDArray[np.intp]:
    return np.minimum((said * bins).astype(np.intp), bins - 1)


def confidence(probabilities: ArrayLike, threshold: float, abstained: ArrayLike) -> Floats:
    """How far a decision lies from being the other one, in log-odds; abstentions come last.

    Among those that were abstained from the order is the same, so that the curve has an end.
    """
    said = np.clip(np.asarray(probabilities, float), CHALLENGE_CLIP, 1 - CHALLENGE_CLIP)
    odds = np.log(said / (1 - said)) - np.log(threshold / (1 - threshold))
    return np.asarray(np.abs(odds) - 100.0 * np.asarray(abstained, float), np.float64)


def risk_at_counts(confidences: ArrayLike, wrong: ArrayLike) -> Floats:
    """The error (0 to 1) among the 1, 2, … N most confident; equally confident ones share theirs.

    Geifman and El-Yaniv (2017). Sharing is what a random order among equals gives on average.
    """
    values, errors = np.asarray(confidences, float).ravel(), np.asarray(wrong, float).ravel()
    _, inverse, counts = np.unique(-values, return_inverse=True, return_counts=True)
    shared = np.bincount(inverse, weights=errors) / counts
    return np.asarray(np.cumsum(np.repeat(shared, counts)) / np.arange(1, values.size + 1))


def area_under_risk(risks: Floats) -> float:
    """The mean error over all coverages; smaller is better, and half a wrong order's is chance."""
    return float(risks.mean()) if risks.size else float("nan")


def risk_at(risks: Floats, abstention: float) -> float:
    """The error among what is left when the least confident share was abstained from."""
    kept = round(risks.size * (1 - abstention))
    return float(risks[kept - 1]) if kept else float("nan")
