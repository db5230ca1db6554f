from __future__ import annotations

import pytest

from moderation.verdict import Reason
from moderation.wording import WORDS, in_words, two_digits


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_its_words(reason: Reason) -> None:
    assert in_words(reason.value) == WORDS[reason]


def test_no_two_reasons_say_the_same() -> None:
    assert len(set(WORDS.values())) == len(Reason)


def test_a_reason_of_a_later_version_stays_readable() -> None:
    assert in_words("too_many_hands") == "too many hands"


@pytest.mark.parametrize(
    ("probability", "shown"),
    [
        (0.59868, "0.59"),
        (0.6, "0.60"),
        (0.29, "0.29"),
        (0.9999, "0.99"),
        (1e-07, "0.00"),
        (0.0, "0.00"),
        (1.0, "1.00"),
    ],
)
def test_a_probability_is_not_shown_as_one_that_it_did_not_reach(
    probability: float, shown: str
) -> None:
    assert two_digits(probability) == shown
