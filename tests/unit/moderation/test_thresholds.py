from __future__ import annotations

from math import inf

import pytest

from moderation.thresholds import Thresholds
from moderation.verdict import Label

NONE: tuple[float, ...] = ()
HUNDRED = tuple(number / 100 for number in range(100))


@pytest.mark.parametrize(
    ("probability", "label"),
    [
        (0.499, Label.CLEAR),
        (0.5, Label.SUSPECT),
        (0.799, Label.SUSPECT),
        (0.8, Label.FAKE),
    ],
)
def test_the_label_changes_at_its_threshold(probability: float, label: Label) -> None:
    assert Thresholds(suspect=0.5, fake=0.8).cutoffs(NONE).label(probability) is label


@pytest.mark.parametrize(
    ("probability", "label"),
    [
        (0.4375, Label.CLEAR),
        (0.438, Label.UNKNOWN),
        (0.562, Label.UNKNOWN),
        (0.5625, Label.SUSPECT),
    ],
)
def test_close_to_suspect_the_label_is_unknown_where_asked_for(
    probability: float, label: Label
) -> None:
    cutoffs = Thresholds(suspect=0.5, fake=0.8, abstain=0.0625).cutoffs(NONE)
    assert cutoffs.label(probability) is label


@pytest.mark.parametrize(
    ("probability", "near"),
    [(0.469, False), (0.471, True), (0.529, True), (0.531, False), (0.829, True), (0.831, False)],
)
def test_close_to_a_threshold_is_near(probability: float, near: bool) -> None:
    cutoffs = Thresholds(suspect=0.5, fake=0.8, margin=0.03).cutoffs(NONE)
    assert cutoffs.is_near(probability) is near


def test_fake_has_a_value_where_nothing_is_asked_for() -> None:
    assert Thresholds().cutoffs(HUNDRED).fake == 0.8


def test_asked_for_false_flags_the_threshold_follows_from_the_bundle() -> None:
    cutoffs = Thresholds(suspect=0.5, false_flags=0.05).cutoffs(HUNDRED)
    assert cutoffs.label(0.95) is Label.SUSPECT  # with it, 5 of 100 and one more are over 5%
    assert cutoffs.label(0.951) is Label.FAKE


def test_with_too_little_evidence_nothing_is_called_fake() -> None:
    cutoffs = Thresholds(suspect=0.5, false_flags=0.01).cutoffs(HUNDRED[:98])
    assert cutoffs.fake == inf
    assert cutoffs.label(1.0) is Label.SUSPECT
    assert Thresholds(suspect=0.5, false_flags=0.01).cutoffs(HUNDRED[:99]).fake < 1.0


def test_what_is_abstained_from_near_suspect_is_no_evidence() -> None:
    crowded = tuple(sorted([0.1] * 50 + [0.52] * 49))
    assert Thresholds(suspect=0.5, false_flags=0.01).cutoffs(crowded).fake == pytest.approx(0.52)
    abstaining = Thresholds(suspect=0.5, false_flags=0.01, abstain=0.05)
    assert abstaining.evidence(crowded) == (0.1,) * 50
    assert abstaining.cutoffs(crowded).fake == inf


def test_a_generous_share_never_makes_fake_of_what_is_not_suspect() -> None:
    assert Thresholds(suspect=0.5, false_flags=0.9).cutoffs(HUNDRED).fake == 0.5


@pytest.mark.parametrize(
    ("thresholds", "said"),
    [
        ({"suspect": 0.0, "fake": 0.5}, "suspect <= fake"),
        ({"suspect": 0.9, "fake": 0.8}, "suspect <= fake"),
        ({"suspect": 0.9}, "suspect <= fake"),
        ({"suspect": 0.5, "fake": 1.1}, "suspect <= fake"),
        ({"suspect": 1.1, "false_flags": 0.1}, "suspect <= fake"),
        ({"fake": 0.8, "false_flags": 0.1}, "not both"),
        ({"false_flags": 0.0}, "between 0 and 1"),
        ({"false_flags": 1.0}, "between 0 and 1"),
        ({"margin": -0.1}, "negative"),
        ({"abstain": -0.1}, "negative"),
        ({"suspect": 0.2, "abstain": 0.2}, "abstain"),
        ({"suspect": 0.5, "fake": 0.6, "abstain": 0.2}, "abstain"),
        ({"suspect": 0.9, "false_flags": 0.1, "abstain": 0.2}, "abstain"),
    ],
)
def test_thresholds_that_contradict_each_other_are_refused(
    thresholds: dict[str, float], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        Thresholds(**thresholds)
