from __future__ import annotations

import pytest

from console.evidence.words import percent


@pytest.mark.parametrize(
    ("probability", "shown"),
    [(0.59868, "59 %"), (0.6, "60 %"), (0.29, "29 %"), (0.001, "1 %"), (1.0, "99 %"), (None, "-")],
)
def test_a_page_shows_no_per_cent_that_a_probability_did_not_reach(
    probability: float | None, shown: str
) -> None:
    assert percent(probability) == shown
