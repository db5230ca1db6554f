from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.sampling import is_drawn, pick

NAMES = [f"upload-{number}" for number in range(20_000)]


@pytest.mark.parametrize("share", [0.005, 0.05, 0.5])
def test_about_the_share_that_was_asked_for_is_drawn(share):
    drawn = sum(is_drawn(name, purpose="audit", share=share) for name in NAMES)
    assert drawn == pytest.approx(share * len(NAMES), rel=0.15)


@given(st.text())
def test_a_draw_is_the_same_each_time_and_a_larger_share_holds_a_smaller_one(name):
    few, many = (is_drawn(name, purpose="audit", share=share) for share in (0.3, 0.6))
    assert few == is_drawn(name, purpose="audit", share=0.3)
    assert many or not few


def test_none_and_all_are_what_they_say():
    assert not any(is_drawn(name, purpose="audit", share=0.0) for name in NAMES[:1000])
    assert all(is_drawn(name, purpose="audit", share=1.0) for name in NAMES[:1000])


def test_the_draws_of_two_purposes_do_not_depend_on_each_other():
    both = sum(
        is_drawn(name, purpose="audit", share=0.5) and is_drawn(name, purpose="second", share=0.5)
        for name in NAMES
    )
    assert both == pytest.approx(len(NAMES) / 4, rel=0.1)


@pytest.mark.parametrize("share", [-0.01, 1.01])
def test_a_share_lies_between_none_and_all(share):
    with pytest.raises(ValueError, match="share"):
        is_drawn("u1", purpose="audit", share=share)


def test_one_of_several_is_chosen_evenly_and_none_of_none():
    chosen = [pick("abcd", name=name, purpose="which") for name in NAMES]
    assert all(chosen.count(letter) == pytest.approx(5000, rel=0.1) for letter in "abcd")
    assert pick([], name="u1", purpose="which") is None
