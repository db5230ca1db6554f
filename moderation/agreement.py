"""How far two people who judged the same things agree, beyond what chance would give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

_95_PERCENT = 1.959963984540054  # the standard normal's quantile at 0.975
FEW_PAIRS = 30  # with fewer the interval says too much


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Cohen's kappa over `pairs` judgements, with its 95% interval.

    `observed` is the share of equal answers. `kappa` is None where chance alone would
    have them always agree (there is only one answer), and with no pairs.
    """

    pairs: int
    observed: float | None
    kappa: float | None
    low: float | None
    high: float | None


def agreement(answers: Sequence[tuple[str, str]]) -> Agreement:
    """Compare the first and the second answer to each question.

    Cohen, "A Coefficient of Agreement for Nominal Scales", 1960: kappa is
    (observed - expected) / (1 - expected). The interval takes the large-sample standard
    error of Fleiss, Cohen and Everitt, "Large Sample Standard Errors of Kappa and Weighted
    Kappa", 1969, equation 13; below `FEW_PAIRS` it says too much.
    """
    count = len(answers)
    if count == 0:
        return Agreement(pairs=0, observed=None, kappa=None, low=None, high=None)
    shares = {pair: times / count for pair, times in Counter(answers).items()}
    rows = _marginal(shares, 0)
    columns = _marginal(shares, 1)
    observed = sum(share for (first, second), share in shares.items() if first == second)
    expected = sum(share * columns.get(answer, 0.0) for answer, share in rows.items())
    if expected >= 1.0:
        return Agreement(pairs=count, observed=observed, kappa=None, low=None, high=None)
    kappa = (observed - expected) / (1.0 - expected)
    half = _95_PERCENT * _error(shares, rows, columns, kappa, expected, count)
    return Agreement(
        pairs=count,
        observed=observed,
        kappa=kappa,
        low=max(-1.0, kappa - half),
        high=min(1.0, kappa + half),
    )


def _marginal(shares: dict[tuple[str, str], float], place: int) -> dict[str, float]:
    total: Counter[str] = Counter()
    for pair, share in shares.items():
        total[pair[place]] += share  # type: ignore[assignment]  # a Counter of floats
    return dict(total)


def _error(
    shares: dict[tuple[str, str], float],
    rows: dict[str, float],
    columns: dict[str, float],
    kappa: float,
    expected: float,
    count: int,
) -> float:
    equal = sum(
        share * (1.0 - (rows[first] + columns[second]) * (1.0 - kappa)) ** 2
        for (first, second), share in shares.items()
        if first == second
    )
    unequal = (1.0 - kappa) ** 2 * sum(
        share * (columns.get(first, 0.0) + rows.get(second, 0.0)) ** 2
        for (first, second), share in shares.items()
        if first != second
    )
    rest = (kappa - expected * (1.0 - kappa)) ** 2
    return sqrt(max(0.0, equal + unequal - rest) / count) / (1.0 - expected)
