"""Intervals by resampling groups: clips of one person or one source are one observation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]
Measure = Callable[[Places], Mapping[str, float]]

SAMPLES = 1000
_FEWEST_GROUPS = 2
_FEWEST_SOUND = 0.5  # of the samples: with fewer, what is left would be a selection


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure, and the middle 95% of what other draws of as many groups give.

    None: it cannot be said (a class is missing), or there are too few groups for an interval.
    """

    value: float | None
    low: float | None = None
    high: float | None = None


def estimates(
    measure: Measure, groups: Sequence[str], *, samples: int = SAMPLES, seed: int = 1
) -> dict[str, Estimate]:
    """Every figure that `measure` gives for places in `groups`, with its interval.

    All figures see the same draws, so that differences between them may be figures, too.
    """
    values = measure(np.arange(len(groups)))
    drawn = [measure(places) for places in draws(groups, samples=samples, seed=seed)]
    return {name: _estimate(value, [d[name] for d in drawn]) for name, value in values.items()}


def draws(groups: Sequence[str], *, samples: int, seed: int) -> list[Places]:
    """As many groups as there are, with replacement, each time as the places of their clips.

    Empty where there are too few groups for it to mean something.
    """
    names, inverse = np.unique(np.asarray(groups, str), return_inverse=True)
    if len(names) < _FEWEST_GROUPS:
        return []
    order = np.argsort(inverse, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(inverse))[:-1])
    rng = np.random.default_rng(seed)
    chosen = rng.integers(0, len(names), (samples, len(names)))
    return [np.concatenate([members[group] for group in row]) for row in chosen]


def _estimate(value: float, drawn: Sequence[float]) -> Estimate:
    """The middle 95% of the draws, moved by how far their mean lies from the figure itself.

    A calibration error grows with every draw that is rougher than the sample: unmoved, its
    interval would lie above it. (Bias as in Efron and Tibshirani, 1993, chapter 10.)
    """
    if not np.isfinite(value):
        return Estimate(value=None)
    sound = np.array([one for one in drawn if np.isfinite(one)])
    if not len(drawn) or len(sound) < _FEWEST_SOUND * len(drawn):
        return Estimate(value=float(value))
    low, high = np.quantile(sound, (0.025, 0.975)) - (sound.mean() - value)
    if min(value, sound.min()) >= 0:
        low = max(low, 0.0)
    if max(value, sound.max()) <= 1:
        high = min(high, 1.0)
    return Estimate(value=float(value), low=float(min(low, value)), high=float(max(high, value)))
