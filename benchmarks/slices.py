"""Figures by every value of every variable, so that nobody hides in an average."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.baselines import best_single
from benchmarks.bootstrap import Estimate, estimates
from benchmarks.results import Cell, Gap, Slice
from benchmarks.sample import Sample
from benchmarks.table import SLICE, TRIVIAL, ScoreTable

# Fewer reals (forgeries) than this give no rate, and fewer of either no AUC: its interval would
# span half of what is possible.
FEWEST = 20

_PLAIN = ("data_set", "compression", "kind")
_SMALL, _LARGE = 80, 160  # pixels of a face's shorter side

# Of these a smaller value is better.
_ERRORS = frozenset({"false_flags", "misses"})


def slices(
    table: ScoreTable, *, samples: int, seed: int, fewest: int = FEWEST
) -> tuple[Slice, ...]:
    """Every value with enough clips, of each variable that has several."""
    found = []
    for variable, values in _variables(table):
        names = sorted({str(value) for value in values} - {"", "unknown"})
        of_variable = [
            one
            for name in names
            if (one := _slice(table.where(values == name), variable, name, samples, seed, fewest))
        ]
        if len(names) > 1:
            found += of_variable
    return tuple(found)


def gaps(found: Sequence[Slice]) -> tuple[Gap, ...]:
    """Best against worst slice of each variable, by each metric that two of them have."""
    told = []
    for variable in dict.fromkeys(one.variable for one in found):
        for metric in ("auc", "false_flags", "misses"):
            values = {
                one.value: value
                for one in found
                if one.variable == variable
                and metric in one.metrics
                and (value := one.metrics[metric].value) is not None
            }
            if len(values) < 2:
                continue
            low, high = min(values, key=values.__getitem__), max(values, key=values.__getitem__)
            best, worst = (low, high) if metric in _ERRORS else (high, low)
            gap = values[high] - values[low]
            told.append(Gap(variable=variable, metric=metric, best=best, worst=worst, gap=gap))
    return tuple(told)


def methods_by_compression(
    table: ScoreTable, *, samples: int, seed: int, fewest: int = 1
) -> tuple[Cell, ...]:
    """Each forged method at each compression against reals of that compression.

    Against those of its own data sets where these have any.
    """
    labels, methods = table.texts("label"), table.texts("method")
    compressions, data_sets = table.texts("compression"), table.texts("data_set")
    cells = []
    for method in sorted(set(methods[labels == "fake"])):
        for compression in sorted(set(compressions[(methods == method) & (labels == "fake")])):
            alike = compressions == compression
            fakes = alike & (methods == method) & (labels == "fake")
            reals = alike & (labels == "real")
            beside = reals & np.isin(data_sets, data_sets[fakes])
            sample = Sample.of(table.where(fakes | (beside if beside.any() else reals)))
            counts = sample.counts()
            if min(counts.forged, counts.real) < fewest:
                continue
            auc = estimates(sample.auc, list(sample.groups), samples=samples, seed=seed)["auc"]
            cells.append(
                Cell(
                    row=str(method),
                    column=str(compression),
                    counts=counts,
                    auc=auc,
                    trivial=best_single(sample),
                )
            )
    return tuple(cells)


def _variables(table: ScoreTable) -> Iterator[tuple[str, NDArray[np.str_]]]:
    for name in _PLAIN:
        yield name, table.texts(name)
    for name in table.named(SLICE):
        yield name, table.texts(SLICE + name)
    if "face_pixels" in table.named(TRIVIAL):
        yield "face_size", _sizes(table.numbers(TRIVIAL + "face_pixels"))


def _sizes(pixels: NDArray[np.float64]) -> NDArray[np.str_]:
    names = np.select(
        [pixels < _SMALL, pixels < _LARGE, pixels >= _LARGE],
        [f"under {_SMALL} px", f"{_SMALL} to {_LARGE} px", f"over {_LARGE} px"],
        default="",
    )
    return np.asarray(names, np.str_)


def _slice(
    table: ScoreTable, variable: str, value: str, samples: int, seed: int, fewest: int
) -> Slice | None:
    sample = Sample.of(table)
    counts = sample.counts()
    figures = estimates(sample.rates, list(sample.groups), samples=samples, seed=seed)
    needed = {
        "auc": min(counts.forged, counts.real),
        "false_flags": counts.real,
        "misses": counts.forged,
    }
    told: dict[str, Estimate] = {n: one for n, one in figures.items() if needed[n] >= fewest}
    if not told:
        return None
    return Slice(
        variable=variable,
        value=value,
        counts=counts,
        metrics=told,
        trivial=best_single(sample) if "auc" in told else None,
    )
