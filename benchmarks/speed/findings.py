"""What a question about speed finds: ratios, growths and costs, of several rounds each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from statistics import fmean, median


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """`ours` over `theirs`, in values of one round each, measured in turn.

    The value is the ratio of the medians, the spread that of the rounds' own ratios. `unit` is of
    one side. A goal is what the value should be at least.

    Raises:
        ValueError: the sides have not the same number of rounds, or nothing to divide by.
    """

    name: str
    ours: str
    theirs: str
    unit: str
    over: tuple[float, ...]
    under: tuple[float, ...]
    goal: float | None = None

    def __post_init__(self) -> None:
        if not self.over or len(self.over) != len(self.under):
            raise ValueError(f"{self.name}: {len(self.over)} and {len(self.under)} rounds")
        if min(*self.over, *self.under) <= 0:
            raise ValueError(f"{self.name}: what is divided must be above 0")

    @property
    def value(self) -> float:
        return median(self.over) / median(self.under)

    @property
    def by_round(self) -> tuple[float, ...]:
        return tuple(over / under for over, under in zip(self.over, self.under, strict=True))

    @property
    def spread(self) -> tuple[float, float]:
        return min(self.by_round), max(self.by_round)

    @property
    def met(self) -> bool | None:
        return None if self.goal is None else self.value >= self.goal


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What becomes of `cost` when there is more of `size`; `ys` are the rounds of each of `xs`.

    The goal is what the exponent should be at most: 0 is flat, 1 linear.

    Raises:
        ValueError: fewer than two sizes, or values that have no logarithm.
    """

    name: str
    size: str
    cost: str
    xs: tuple[float, ...]
    ys: tuple[tuple[float, ...], ...]
    goal: float | None = None

    def __post_init__(self) -> None:
        if len(set(self.xs)) < 2 or len(self.xs) != len(self.ys) or not all(self.ys):
            raise ValueError(f"{self.name}: {len(self.xs)} sizes, {len(self.ys)} costs")
        if min(*self.xs, *(value for values in self.ys for value in values)) <= 0:
            raise ValueError(f"{self.name}: sizes and costs must be above 0")

    @property
    def medians(self) -> tuple[float, ...]:
        return tuple(median(values) for values in self.ys)

    @property
    def exponent(self) -> float:
        """Of the power law that lies closest to the medians, by least squares of logarithms."""
        return slope([log(x) for x in self.xs], [log(y) for y in self.medians])

    @property
    def last_exponent(self) -> float:
        """Between the two largest sizes, where what is paid once counts least."""
        return slope([log(x) for x in self.xs[-2:]], [log(y) for y in self.medians[-2:]])

    @property
    def met(self) -> bool | None:
        return None if self.goal is None else max(self.exponent, self.last_exponent) <= self.goal


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one of something costs, or how large it is, in rounds; it has no goal."""

    name: str
    unit: str
    values: tuple[float, ...]

    @property
    def value(self) -> float:
        return median(self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that a question found; `notes` are sentences that a reader of its figures needs."""

    question: str
    ratios: tuple[Ratio, ...] = ()
    growths: tuple[Growth, ...] = ()
    costs: tuple[Cost, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


def slope(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Of the line through points, by least squares."""
    x_mean, y_mean = fmean(xs), fmean(ys)
    across = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True))
    return across / sum((x - x_mean) ** 2 for x in xs)
