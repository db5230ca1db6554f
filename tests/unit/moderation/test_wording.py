from __future__ import annotations

import pytest

from moderation.verdict import Reason
from moderation.wording import WORDS, in_words


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_its_words(reason: Reason) -> None:
    assert in_words(reason.value) == WORDS[reason]


def test_no_two_reasons_say_the_same() -> None:
    assert len(set(WORDS.values())) == len(Reason)


def test_a_reason_of_a_later_version_stays_readable() -> None:
    assert in_words("too_many_hands") == "too many hands"
