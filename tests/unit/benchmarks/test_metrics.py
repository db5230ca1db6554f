"""How well scores tell two classes apart, and how honest probabilities are."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn import metrics as referee

from benchmarks import metrics
from benchmarks.metrics import (
    area_under_curve,
    calibration_error_by_chance,
    expected_calibration_error,
)


@pytest.fixture(params=[0, 1, 2])
def scored(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    """Scores with ties, and labels that they say something of."""
    rng = np.random.default_rng(request.param)
    labels = rng.integers(0, 2, 300)
    return np.round(rng.normal(size=300) + labels, 1), labels


def test_a_perfect_order_has_an_area_of_one_and_the_reverse_of_zero() -> None:
    assert area_under_curve([1, 2, 3, 4], [0, 0, 1, 1]) == 1
    assert area_under_curve([4, 3, 2, 1], [0, 0, 1, 1]) == 0


def test_equal_scores_count_half() -> None:
    assert area_under_curve([1, 1, 1, 1], [0, 1, 0, 1]) == 0.5
    assert area_under_curve([1, 2, 2, 3], [0, 0, 1, 1]) == pytest.approx(3.5 / 4)


def test_one_class_alone_has_no_area() -> None:
    assert math.isnan(area_under_curve([1, 2], [1, 1]))


def test_areas_and_precision_are_those_of_scikit_learn(
    scored: tuple[np.ndarray, np.ndarray],
) -> None:
    scores, labels = scored
    curve = metrics.roc(scores, labels)
    assert curve is not None
    assert metrics.area_under(curve) == pytest.approx(referee.roc_auc_score(labels, scores))
    assert metrics.average_precision(curve) == pytest.approx(
        referee.average_precision_score(labels, scores)
    )


def test_the_rates_are_those_of_scikit_learn(scored: tuple[np.ndarray, np.ndarray]) -> None:
    scores, labels = scored
    curve = metrics.roc(scores, labels)
    false, true, _ = referee.roc_curve(labels, scores, drop_intermediate=False)
    assert curve is not None
    assert curve.false_positives == pytest.approx(false)
    assert curve.true_positives == pytest.approx(true)


def test_at_the_equal_error_rate_both_errors_are_equal(
    scored: tuple[np.ndarray, np.ndarray],
) -> None:
    curve = metrics.roc(*scored)
    assert curve is not None
    rate = metrics.equal_error_rate(curve)
    missed = 1 - np.interp(rate, curve.false_positives, curve.true_positives)
    assert missed == pytest.approx(rate, abs=0.01)


def test_the_equal_error_rate_of_a_perfect_order_is_zero_and_of_the_reverse_one() -> None:
    right, wrong = metrics.roc([1, 2], [0, 1]), metrics.roc([2, 1], [0, 1])
    assert right is not None
    assert wrong is not None
    assert metrics.equal_error_rate(right) == 0
    assert metrics.equal_error_rate(wrong) == 1


def test_with_a_hundred_reals_one_false_flag_is_one_percent_and_two_are_more() -> None:
    reals = np.arange(100.0)
    forged = np.array([98.5, 97.5, 200.0])
    labels = np.append(np.zeros(100), np.ones(3))
    curve = metrics.roc(np.append(reals, forged), labels)
    assert curve is not None
    # over 98.5 one real is flagged (99), over 97.5 two are
    assert metrics.true_positives_at(curve, 0.01) == pytest.approx(2 / 3)


def test_with_few_reals_no_false_flag_is_allowed_at_one_percent() -> None:
    curve = metrics.roc([0.9, 0.8, 0.7, 0.1], [0, 1, 1, 0])
    assert curve is not None
    assert metrics.true_positives_at(curve, 0.01) == 0


def test_the_log_loss_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    said, labels = rng.random(50), rng.integers(0, 2, 50)
    assert metrics.log_loss(said, labels) == pytest.approx(referee.log_loss(labels, said))


def test_knowing_nothing_costs_the_logarithm_of_two() -> None:
    assert metrics.log_loss([0.5] * 4, [0, 1, 1, 0]) == pytest.approx(math.log(2))


def test_certainty_that_is_wrong_costs_what_the_challenge_charged() -> None:
    assert metrics.log_loss([1.0], [0]) == pytest.approx(-math.log(1e-15), rel=1e-2)
    assert metrics.log_loss([0.0], [1]) == pytest.approx(15 * math.log(10))


def test_honest_probabilities_have_no_calibration_error() -> None:
    assert expected_calibration_error([0.25] * 4, [0, 0, 0, 1]) == pytest.approx(0)


def test_the_error_by_chance_is_what_right_probabilities_have_on_average() -> None:
    rng = np.random.default_rng(1)
    said = rng.random(300)
    drawn = [expected_calibration_error(said, rng.random(300) < said) for _ in range(2000)]
    assert calibration_error_by_chance(said) == pytest.approx(np.mean(drawn), rel=0.03)


def test_certainty_leaves_nothing_to_chance() -> None:
    assert calibration_error_by_chance([0.0, 1.0]) == 0


def test_the_calibration_error_is_the_gap_weighed_by_how_often_it_was_said() -> None:
    said = [0.95] * 3 + [0.05]
    assert expected_calibration_error(said, [1, 1, 0, 0]) == pytest.approx(
        0.75 * (0.95 - 2 / 3) + 0.25 * 0.05
    )


def test_certainty_falls_into_the_last_bin() -> None:
    assert expected_calibration_error([1.0, 0.95], [1, 1]) == pytest.approx(0.025)


def test_the_risk_grows_from_the_most_confident_to_all() -> None:
    risks = metrics.risk_at_counts([3, 2, 1, 0], [0, 0, 1, 1])
    assert risks == pytest.approx([0, 0, 1 / 3, 1 / 2])
    assert metrics.area_under_risk(risks) == pytest.approx((1 / 3 + 1 / 2) / 4)


def test_equally_confident_clips_share_their_errors() -> None:
    assert metrics.risk_at_counts([1, 1, 1, 1], [1, 0, 0, 1]) == pytest.approx([0.5] * 4)


def test_abstaining_from_a_fifth_leaves_the_four_fifths_that_are_most_confident() -> None:
    risks = metrics.risk_at_counts([5, 4, 3, 2, 1], [0, 0, 0, 0, 1])
    assert metrics.risk_at(risks, 0.2) == 0
    assert metrics.risk_at(risks, 0.0) == pytest.approx(0.2)


def test_what_the_verdict_abstains_from_comes_after_all_that_it_decides() -> None:
    sure_but_abstained, near = metrics.confidence([0.999, 0.61], 0.6, [True, False])
    assert near > sure_but_abstained


def test_confidence_is_the_way_to_the_threshold_on_both_sides() -> None:
    low, high = metrics.confidence([0.3, 0.7], 0.5, [False, False])
    assert low == pytest.approx(high)
    assert metrics.confidence([0.6], 0.6, [False])[0] == pytest.approx(0)
