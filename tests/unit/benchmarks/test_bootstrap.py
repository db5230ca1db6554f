"""Intervals are drawn over groups, not over clips."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from benchmarks.bootstrap import draws, estimates


def mean_of(values: list[float]):
    return lambda places: {"mean": float(np.mean(np.array(values)[places]))}


def test_clips_of_a_group_are_drawn_together_or_not_at_all() -> None:
    groups = ["a", "b", "a", "c", "a"]
    for places in draws(groups, samples=50, seed=1):
        counts = Counter(places.tolist())
        assert counts[0] == counts[2] == counts[4]


def test_as_many_groups_are_drawn_as_there_are() -> None:
    groups = ["a"] * 5 + ["b"] + ["c"]
    for places in draws(groups, samples=20, seed=1):
        drawn = sum(Counter(places.tolist())[first] for first in (0, 5, 6))
        assert drawn == 3


def test_the_same_seed_draws_the_same_and_another_one_otherwise() -> None:
    one, same, other = (draws(list("abcdef"), samples=5, seed=seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_many_clips_of_few_people_make_a_wide_interval() -> None:
    values = [0.0] * 50 + [1.0] * 50 + [0.0] * 50 + [1.0] * 50
    few = [str(i // 50) for i in range(200)]
    each = [str(i) for i in range(200)]
    wide = estimates(mean_of(values), few, samples=200)["mean"]
    narrow = estimates(mean_of(values), each, samples=200)["mean"]
    assert wide.high - wide.low > 4 * (narrow.high - narrow.low)


def test_the_interval_of_a_mean_is_that_of_the_normal_approximation() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=400).tolist()
    estimate = estimates(mean_of(values), [str(i) for i in range(400)], samples=2000)["mean"]
    assert estimate.high - estimate.low == pytest.approx(2 * 1.96 * np.std(values) / 20, rel=0.1)


def test_a_single_group_has_a_value_and_no_interval() -> None:
    estimate = estimates(mean_of([1.0, 3.0]), ["a", "a"])["mean"]
    assert (estimate.value, estimate.low, estimate.high) == (2.0, None, None)


def test_what_cannot_be_said_is_none() -> None:
    estimate = estimates(lambda places: {"auc": float("nan")}, ["a", "b"])["auc"]
    assert estimate.value is None


def test_draws_without_a_class_are_left_out_unless_they_are_most() -> None:
    def sometimes(places: np.ndarray) -> dict[str, float]:
        return {"auc": 0.7 if 0 in places else float("nan")}

    often = estimates(sometimes, list("ab"), samples=200)["auc"]
    assert (often.low, often.high) == pytest.approx((0.7, 0.7))

    def rarely(places: np.ndarray) -> dict[str, float]:
        all_there = set(places.tolist()) == {0, 1, 2, 3}
        return {"auc": 0.7 if all_there else float("nan")}

    seldom = estimates(rarely, list("abcd"), samples=200)["auc"]
    assert (seldom.value, seldom.low) == (0.7, None)


def test_a_figure_that_grows_with_roughness_stays_in_its_interval() -> None:
    values = np.random.default_rng(0).normal(size=40)

    def distance_to_zero(places: np.ndarray) -> dict[str, float]:
        return {"d": abs(float(values[places].mean()))}

    estimate = estimates(distance_to_zero, [str(i) for i in range(40)], samples=400)["d"]
    assert 0 <= estimate.low <= estimate.value <= estimate.high
