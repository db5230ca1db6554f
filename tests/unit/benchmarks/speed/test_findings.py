from __future__ import annotations

import pytest

from benchmarks.speed.findings import Growth, Ratio


def a_ratio(over: tuple[float, ...], under: tuple[float, ...], goal: float | None = None) -> Ratio:
    return Ratio(
        name="r", ours="ours", theirs="theirs", unit="a second", over=over, under=under, goal=goal
    )


def a_growth(power: float, *, goal: float | None = None, once: float = 0.0) -> Growth:
    xs = (1.0, 10.0, 100.0)
    ys = tuple((once + 3 * x**power,) for x in xs)
    return Growth(name="g", size="uploads", cost="s", xs=xs, ys=ys, goal=goal)


def test_a_ratio_is_that_of_the_medians_so_that_one_bad_round_does_not_count() -> None:
    assert a_ratio((8.0, 9.0, 1.0), (4.0, 4.0, 4.0)).value == 2.0


def test_the_spread_is_that_of_rounds_measured_in_turn() -> None:
    ratio = a_ratio((8.0, 9.0, 2.0), (4.0, 3.0, 2.0))
    assert ratio.by_round == (2.0, 3.0, 1.0)
    assert ratio.spread == (1.0, 3.0)


@pytest.mark.parametrize(("ours", "met"), [(0.85, True), (0.84, False)])
def test_a_goal_is_met_from_its_very_value_on(ours: float, met: bool) -> None:
    assert a_ratio((ours,), (1.0,), goal=0.85).met is met


def test_a_ratio_without_a_goal_is_neither_met_nor_missed() -> None:
    assert a_ratio((1.0,), (2.0,)).met is None


@pytest.mark.parametrize(
    ("over", "under"), [((), ()), ((1.0,), (1.0, 2.0)), ((1.0,), (0.0,)), ((0.0,), (1.0,))]
)
def test_rounds_that_cannot_be_compared_are_refused(
    over: tuple[float, ...], under: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match="r:"):
        a_ratio(over, under)


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0])
def test_the_exponent_of_a_power_law_is_its_power(power: float) -> None:
    assert a_growth(power).exponent == pytest.approx(power, abs=1e-9)


@pytest.mark.parametrize(("power", "met"), [(1.09, True), (1.11, False)])
def test_growth_beyond_the_goal_misses_it(power: float, met: bool) -> None:
    assert a_growth(power, goal=1.1).met is met


def test_what_is_paid_once_does_not_hide_how_the_largest_sizes_grow() -> None:
    growth = a_growth(2.0, once=300.0, goal=1.1)
    assert growth.exponent < 1.1
    assert growth.last_exponent > 1.1
    assert growth.met is False


def test_growth_of_one_size_is_none() -> None:
    with pytest.raises(ValueError, match="g: 1 sizes"):
        Growth(name="g", size="uploads", cost="s", xs=(1.0,), ys=((1.0,),))
