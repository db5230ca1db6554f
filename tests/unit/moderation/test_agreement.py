from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.agreement import agreement


def pairs(table: dict[tuple[str, str], int]) -> list[tuple[str, str]]:
    return [pair for pair, times in table.items() for _ in range(times)]


# Fleiss, Levin and Paik, "Statistical Methods for Rates and Proportions", 3rd edition, table 18.1:
# diagnoses of 100 patients by two raters; kappa 0.68, standard error 0.087.
DIAGNOSES = {
    ("psychotic", "psychotic"): 75,
    ("psychotic", "neurotic"): 1,
    ("psychotic", "organic"): 4,
    ("neurotic", "psychotic"): 5,
    ("neurotic", "neurotic"): 4,
    ("neurotic", "organic"): 1,
    ("organic", "organic"): 10,
}


def test_kappa_and_its_interval_are_those_of_the_textbook():
    found = agreement(pairs(DIAGNOSES))
    assert found.pairs == 100
    assert found.observed == pytest.approx(0.89)
    assert found.kappa == pytest.approx(0.676, abs=5e-4)
    assert (found.high - found.low) / 2 / 1.96 == pytest.approx(0.087, abs=1.5e-3)


def test_full_agreement_on_two_answers_is_one():
    found = agreement([("uphold", "uphold"), ("overturn", "overturn")])
    assert (found.kappa, found.low, found.high) == (1.0, 1.0, 1.0)


def test_agreement_that_chance_alone_explains_is_nothing():
    table = {(a, b): 25 for a in ("uphold", "overturn") for b in ("uphold", "overturn")}
    assert agreement(pairs(table)).kappa == pytest.approx(0.0)


def test_opposite_answers_are_less_than_chance():
    assert agreement([("a", "b"), ("b", "a")] * 10).kappa == pytest.approx(-1.0)


@pytest.mark.parametrize("answers", [[], [("uphold", "uphold")] * 5])
def test_where_there_is_nothing_to_tell_apart_kappa_is_none(answers):
    found = agreement(answers)
    assert (found.kappa, found.low, found.high) == (None, None, None)
    assert found.pairs == len(answers)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc"))))
def test_kappa_lies_in_its_interval_and_does_not_ask_who_was_first(answers):
    found = agreement(answers)
    turned = agreement([(second, first) for first, second in answers])
    if found.kappa is None:
        assert turned.kappa is None
        return
    assert found.low <= found.kappa <= found.high
    assert turned.kappa == pytest.approx(found.kappa)
    assert turned.low == pytest.approx(found.low)
