"""How well scores tell two classes apart, and how honest probabilities are."""

from __future__ import annotations

import math

import pytest

from training.metrics import area_under_curve, expected_calibration_error


def test_a_perfect_order_has_an_area_of_one_and_the_reverse_of_zero() -> None:
    assert area_under_curve([1, 2, 3, 4], [0, 0, 1, 1]) == 1
    assert area_under_curve([4, 3, 2, 1], [0, 0, 1, 1]) == 0


def test_equal_scores_count_half() -> None:
    assert area_under_curve([1, 1, 1, 1], [0, 1, 0, 1]) == 0.5
    assert area_under_curve([1, 2, 2, 3], [0, 0, 1, 1]) == pytest.approx(3.5 / 4)


def test_one_class_alone_has_no_area() -> None:
    assert math.isnan(area_under_curve([1, 2], [1, 1]))


def test_honest_probabilities_have_no_calibration_error() -> None:
    assert expected_calibration_error([0.25] * 4, [0, 0, 0, 1]) == pytest.approx(0)


def test_the_calibration_error_is_the_gap_weighed_by_how_often_it_was_said() -> None:
    said = [0.95] * 3 + [0.05]
    assert expected_calibration_error(said, [1, 1, 0, 0]) == pytest.approx(
        0.75 * (0.95 - 2 / 3) + 0.25 * 0.05
    )


def test_certainty_falls_into_the_last_bin() -> None:
    assert expected_calibration_error([1.0, 0.95], [1, 1]) == pytest.approx(0.025)
