"""What needs no detector: how far size, sharpness and compression alone tell two classes apart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.metrics import area_under_curve
from benchmarks.sample import Sample

MIX = "mix"
_FOLDS = 5

Floats = NDArray[np.float64]


def trivial_areas(sample: Sample) -> dict[str, float]:
    """AUC of each trivial score, in the better direction, and of all together on unseen groups."""
    areas = single_areas(sample)
    mixed = mix(sample)
    return areas if mixed is None else areas | {MIX: mixed}


def single_areas(sample: Sample) -> dict[str, float]:
    areas = {}
    for name, scores in sample.trivial.items():
        known = np.isfinite(scores)
        area = area_under_curve(scores[known], sample.forged[known])
        if np.isfinite(area):
            areas[name] = max(area, 1 - area)
    return areas


def best_single(sample: Sample) -> float | None:
    return max(single_areas(sample).values(), default=None)


def mix(sample: Sample) -> float | None:
    """AUC of a logistic regression on all of them, each fifth of the groups left out in turn.

    None where there are too few groups for that. It is no floor: with few clips what was
    learned on four fifths may be worse than chance on the last.
    """
    forged = sample.forged
    groups = np.unique(sample.groups)
    if (
        not sample.trivial
        or len(groups) < 2 * _FOLDS
        or min(forged.sum(), (~forged).sum()) < _FOLDS
    ):
        return None
    said = cross_val_predict(
        regression(),
        columns(sample.trivial),
        forged,
        groups=sample.groups,
        cv=GroupKFold(_FOLDS),
        method="decision_function",
    )
    return area_under_curve(said, forged)


def regression() -> Pipeline:
    """Logistic regression of standardised logarithms: sizes and sharpness span decades."""
    return make_pipeline(StandardScaler(), LogisticRegression())


def columns(trivial: Mapping[str, Floats]) -> Floats:
    """Trivial scores as N by K, logarithms, what is unknown at the median."""
    table = np.stack([np.log(np.maximum(scores, 1e-6)) for scores in trivial.values()], axis=1)
    unknown = ~np.isfinite(table)
    medians = np.nan_to_num(np.nanmedian(np.where(unknown, np.nan, table), axis=0))
    return np.where(unknown, medians, table)
