from __future__ import annotations

from itertools import pairwise

import pytest

from inference.reading.bursts import are_close, runs


@pytest.mark.parametrize(("milliseconds", "close"), [(100, True), (102, False)])
def test_neighbours_in_a_burst_are_a_tenth_of_a_second_apart_at_most(
    milliseconds: int, close: bool
) -> None:
    assert are_close(milliseconds / 1000) is close


def test_at_ten_frames_a_second_no_rounding_decides() -> None:
    times = [number * 0.1 for number in range(1_000)]

    assert all(are_close(after - before) for before, after in pairwise(times))
    assert all(len(run) == 3 for run in runs(times[:999]))
