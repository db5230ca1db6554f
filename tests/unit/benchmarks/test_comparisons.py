"""Which clips a comparison takes, and how they are made comparable."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.comparisons import (
    PACKAGED,
    Comparison,
    each_data_set,
    each_method,
    load_comparisons,
    matched,
)
from benchmarks.metrics import area_under_curve
from moderation.errors import InvalidConfiguration
from tests.unit.benchmarks.builders import a_row, a_table


def test_a_method_that_is_forged_and_real_gives_each_side_its_own() -> None:
    table = a_table(
        a_row("left", label="real", method="pairs"),
        a_row("right", label="fake", method="pairs"),
        a_row("other", label="fake", method="gan"),
    )
    sample = Comparison(name="pairs", forged=("pairs",), real=("pairs",)).choose(table)
    assert sample.groups.tolist() == ["left", "right"]
    assert sample.forged.tolist() == [False, True]


def test_matched_clips_differ_hardly_in_what_they_are_matched_on() -> None:
    rng = np.random.default_rng(0)
    sizes = np.concatenate([rng.uniform(50, 200, 60), rng.uniform(100, 400, 60)])
    forged = np.arange(120) >= 60
    places = matched(sizes, forged)
    assert forged[places].sum() == (~forged[places]).sum() > 10
    assert area_under_curve(sizes, forged) > 0.8
    assert area_under_curve(sizes[places], forged[places]) == pytest.approx(0.5, abs=0.05)


def test_a_pair_is_allowed_up_to_the_caliper_and_not_beyond() -> None:
    forged = np.array([False, True])
    assert len(matched(np.array([100.0, 109.0]), forged, caliper=1.1)) == 2
    assert len(matched(np.array([100.0, 111.0]), forged, caliper=1.1)) == 0


def test_matching_keeps_as_many_pairs_as_it_can() -> None:
    # the nearest partner of 105 is 104, which would leave 100 and 109 alone
    sizes, forged = np.array([104.0, 112.0, 105.0, 100.0]), np.array([False, False, True, True])
    assert len(matched(sizes, forged)) == 4


def test_unknown_values_are_not_matched() -> None:
    sizes, forged = np.array([np.nan, 100.0, 100.0]), np.array([False, False, True])
    assert matched(sizes, forged).tolist() == [1, 2]


def test_each_method_is_held_against_the_reals_of_its_own_data_set() -> None:
    table = a_table(
        a_row("1", data_set="a", method="a_real"),
        a_row("2", data_set="a", method="swap", label="fake"),
        a_row("3", data_set="b", method="b_real"),
        a_row("4", data_set="c", method="gan", label="fake"),
    )
    gan, swap = each_method(table)
    assert swap.real == ("a_real",)
    assert gan.real == ("a_real", "b_real")
    assert [one.name for one in each_data_set(table)] == ["a", "c"]


def test_the_packaged_comparisons_can_be_read() -> None:
    assert len(load_comparisons(PACKAGED)) == 5


def test_a_word_that_no_comparison_knows_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("- {name: x, forged: [a], real: [b], equalize: '256,75'}")
    with pytest.raises(InvalidConfiguration, match="equalize"):
        load_comparisons(file)
