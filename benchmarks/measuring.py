"""From score tables to a measurement: figures with intervals, comparisons, slices, curves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.baselines import MIX, trivial_areas
from benchmarks.bootstrap import SAMPLES, estimates
from benchmarks.comparisons import Comparison
from benchmarks.metrics import area_under_curve
from benchmarks.results import Bin, Compared, Curve, Measurement
from benchmarks.sample import Sample
from benchmarks.slices import gaps, methods_by_compression, slices
from benchmarks.table import ScoreTable
from moderation.errors import InvalidConfiguration

_POINTS = 101
_BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """How intervals are made; `few` is for figures of which there are many."""

    samples: int = SAMPLES
    seed: int = 1

    @property
    def few(self) -> int:
        return max(self.samples // 3, 1)


def measure(
    tables: Sequence[ScoreTable],
    comparisons: Sequence[Comparison],
    *,
    draws: Draws | None = None,
    without_groups: Collection[str] = (),
) -> Measurement:
    """Measure a bundle by its score tables; those that were equalised alike are taken together.

    Figures over all clips are those of the tables not equalised, or as the first one is.
    `without_groups`: what was fitted or calibrated on, left out everywhere.

    Raises:
        InvalidConfiguration: the tables are of several bundles or policies, or distorted, or a clip
            is in two of them.
    """
    draws = draws or Draws()
    by_setting = _by_setting([table.without(without_groups) for table in tables])
    main = by_setting.get("", next(iter(by_setting.values())))
    everything = Sample.of(main)
    all_clips = compare(everything, Comparison(name="all clips", forged=(), real=()), draws)
    outcomes, missing = [], []
    for comparison in comparisons:
        table = by_setting.get(comparison.equalise)
        sample = comparison.choose(table) if table else None
        if sample is None or not sample.counts().forged or not sample.counts().real:
            missing.append(comparison.name)
            continue
        outcomes.append(compare(sample, comparison, draws))
    found = slices(main, samples=draws.few, seed=draws.seed)
    return Measurement(
        run=main.run,
        all_clips=all_clips,
        risk_coverage=risk_coverage(everything),
        reliability=reliability(everything),
        comparisons=tuple(outcomes),
        methods_by_compression=methods_by_compression(main, samples=draws.few, seed=draws.seed),
        slices=found,
        gaps=gaps(found),
        not_compared=tuple(missing),
        samples=draws.samples,
        seed=draws.seed,
    )


def compare(sample: Sample, comparison: Comparison, draws: Draws) -> Compared:
    metrics = estimates(sample.figures, list(sample.groups), samples=draws.samples, seed=draws.seed)
    trivial = trivial_areas(sample)
    return Compared(
        name=comparison.name,
        counts=sample.counts(),
        metrics=metrics,
        trivial=trivial,
        detectors={
            name: area_under_curve(logits[known], sample.forged[known])
            for name, logits in sample.logits.items()
            if (known := np.isfinite(logits)).any() and _both(sample.forged[known])
        },
        forged=comparison.forged,
        real=comparison.real,
        equalise=comparison.equalise,
        match=comparison.match,
        asked=comparison.asked,
        met=_met(comparison, metrics["auc"].value, trivial),
    )


def risk_coverage(sample: Sample) -> Curve:
    """The error among the most confident share of the clips, by that share."""
    if not len(sample):
        return Curve(x=(), y=())
    risks = sample.risks(np.arange(len(sample)))
    counts = np.unique(np.linspace(1, len(risks), min(_POINTS, len(risks))).round().astype(int))
    return Curve(
        x=tuple((counts / len(risks)).round(4).tolist()),
        y=tuple(risks[counts - 1].round(4).tolist()),
    )


def reliability(sample: Sample) -> tuple[Bin, ...]:
    """What was said and what was so, in bins of equal width that are not empty."""
    said = sample.probability
    places = np.minimum((said * _BINS).astype(int), _BINS - 1)
    return tuple(
        Bin(
            said=float(said[places == place].mean()),
            so=float(sample.forged[places == place].mean()),
            clips=int((places == place).sum()),
        )
        for place in np.unique(places)
    )


def _met(comparison: Comparison, auc: float | None, trivial: dict[str, float]) -> bool | None:
    """The mix is told, but not asked against: what is asked names single scores."""
    if auc is None or not comparison.asked:
        return None
    if comparison.at_least is not None:
        return auc >= comparison.at_least
    single = [area for name, area in trivial.items() if name != MIX]
    return auc >= max(single, default=0.5) + (comparison.over_trivial or 0.0)


def _by_setting(tables: Sequence[ScoreTable]) -> dict[str, ScoreTable]:
    if not tables:
        raise InvalidConfiguration("no score table to measure by")
    first = tables[0].run
    for run in (table.run for table in tables):
        if (run.bundle_sha256, run.policy_sha256) != (first.bundle_sha256, first.policy_sha256):
            raise InvalidConfiguration("the score tables are of several bundles or policies")
        if run.distortion:
            raise InvalidConfiguration(f"a score table is distorted by {run.distortion}")
    by_setting: dict[str, ScoreTable] = {}
    for table in tables:
        alike = by_setting.get(table.run.equalise)
        by_setting[table.run.equalise] = alike.joined(table) if alike else table
    return by_setting


def _both(forged: np.ndarray) -> bool:
    return bool(forged.any() and not forged.all())
