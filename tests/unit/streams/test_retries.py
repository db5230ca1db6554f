from __future__ import annotations

import pytest

from streams.retries import BackOff


@pytest.mark.parametrize(("failures", "ceiling"), [(1, 0.2), (2, 0.4), (5, 3.2), (50, 30.0)])
def test_pauses_double_up_to_a_longest_one_and_are_jittered(failures: int, ceiling: float) -> None:
    pauses = {BackOff().pause(failures) for _ in range(50)}
    assert all(ceiling / 2 <= pause <= ceiling for pause in pauses)
    assert len(pauses) > 1


@pytest.mark.parametrize(("failures", "allowed"), [(2, True), (3, False)])
def test_attempts_count_the_first(failures: int, allowed: bool) -> None:
    assert BackOff(attempts=3).allows(failures) is allowed


def test_without_a_limit_it_tries_for_ever() -> None:
    assert BackOff(attempts=None).allows(10**9)
