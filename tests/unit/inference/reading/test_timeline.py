"""Which frames are looked at is chosen by time, and long videos by their key frames."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from inference.reading.timeline import Plan, Timeline, choose, plan


def timeline(ticks: list[int], keys: list[int] | None = None) -> Timeline:
    """One tick is a tenth of a second."""
    return Timeline(
        ticks=np.array(ticks, np.int64),
        keys=np.array(keys or ticks[:1], np.int64),
        tick_seconds=0.1,
        origin=ticks[0],
    )


def test_a_clip_with_fewer_frames_than_the_budget_is_looked_at_whole() -> None:
    assert choose(timeline([0, 1, 2, 3]), frames=8).tolist() == [0, 1, 2, 3]


def test_the_first_and_the_last_frame_are_looked_at() -> None:
    chosen = choose(timeline(list(range(1000))), frames=8)

    assert chosen.size == 8
    assert (chosen[0], chosen[-1]) == (0, 999)


def test_frames_are_spread_by_time_when_the_rate_changes() -> None:
    slow_then_fast = [*range(0, 100, 5), *range(100, 200)]

    chosen = choose(timeline(slow_then_fast), frames=11)

    assert [int(tick) for tick in chosen] == pytest.approx(list(range(0, 201, 20)), abs=5)


def test_a_long_still_at_the_end_does_not_hide_what_came_before() -> None:
    chosen = choose(timeline([*range(100), 100_000]), frames=8)

    assert chosen.size == 8
    assert sum(tick < 100 for tick in chosen) == 7


def test_moments_that_share_a_frame_leave_their_place_to_others() -> None:
    with_a_still = [*range(50), *range(200, 250)]

    chosen = choose(timeline(with_a_still), frames=20)

    assert len(set(chosen.tolist())) == 20


def test_a_short_video_is_decoded_through_and_a_longer_one_is_not() -> None:
    assert plan(timeline(list(range(256))), frames=32).through
    assert not plan(timeline(list(range(257))), frames=32).through


def test_a_long_video_is_looked_at_by_its_key_frames() -> None:
    keys = list(range(0, 10_000, 50))

    planned = plan(timeline(list(range(10_000)), keys), frames=16)

    assert planned.frames == 16
    assert all(step.at == step.key for step in planned.steps)
    assert {step.key for step in planned.steps} <= set(keys)


def test_a_key_frame_further_away_than_the_next_step_does_not_stand_in() -> None:
    steps = plan(timeline(list(range(1_000)), [0, 500]), frames=11).steps

    assert [(step.at, step.key) for step in steps][:4] == [(0, 0), (200, 0), (300, 0), (400, 0)]
    assert all(step.key in (0, 500) for step in steps)


def test_steps_are_taken_in_the_order_of_time() -> None:
    steps = plan(timeline(list(range(5_000)), list(range(0, 5_000, 77))), frames=32).steps

    assert all(before.at < after.at for before, after in pairwise(steps))


def test_one_frame_is_a_video_too() -> None:
    single = timeline([7])

    assert [(step.at, step.key) for step in plan(single, frames=32).steps] == [(7, 7)]
    assert single.span_seconds == 0.0


@pytest.mark.parametrize(("last", "uneven"), [(1_009, False), (1_012, True)])
def test_a_video_is_uneven_when_it_spans_ten_times_what_its_frames_fill(
    last: int, uneven: bool
) -> None:
    assert timeline([*range(100), last]).is_uneven is uneven


def test_what_the_header_declares_and_no_frame_fills_is_missing() -> None:
    half = replace(timeline(list(range(50))), declared_seconds=10.0)

    assert half.missing_share == pytest.approx(0.5)
    assert replace(half, declared_seconds=5.0).missing_share == 0.0
    assert replace(half, declared_seconds=4.0).missing_share == 0.0
    assert replace(half, declared_seconds=None).missing_share == 0.0


def bursts(planned: Plan) -> list[tuple[int, ...]]:
    return [(step.at, *step.then) for step in planned.steps if step.then]


def test_one_frame_in_five_begins_a_burst_and_the_budget_stays() -> None:
    planned = plan(timeline(list(range(10_000))), frames=32)

    assert planned.frames == 32
    assert len(bursts(planned)) == 6
    assert all(burst == (burst[0], burst[0] + 1, burst[0] + 2) for burst in bursts(planned))


def test_bursts_are_spread_over_the_whole_video() -> None:
    starts = [burst[0] for burst in bursts(plan(timeline(list(range(10_000))), frames=32))]

    assert starts[0] < 2_000
    assert starts[-1] > 8_000
    assert max(after - before for before, after in pairwise(starts)) < 2_000


@pytest.mark.parametrize(("milliseconds", "close"), [(100, True), (102, False)])
def test_frames_more_than_a_tenth_of_a_second_apart_make_no_burst(
    milliseconds: int, close: bool
) -> None:
    slow = replace(timeline(list(range(1_000))), tick_seconds=milliseconds / 1000)

    assert bool(bursts(plan(slow, frames=32))) is close


@pytest.mark.parametrize(("rate", "stride"), [(25, 1), (50, 1), (60, 2), (120, 3)])
def test_frames_of_a_burst_are_not_the_same_picture_twice(rate: int, stride: int) -> None:
    fast = replace(timeline(list(range(1_000))), tick_seconds=1 / rate)

    assert {burst[1] - burst[0] for burst in bursts(plan(fast, frames=32))} == {stride}


@pytest.mark.parametrize(("frames", "some"), [(64, False), (65, True)])
def test_a_clip_of_twice_the_budget_is_looked_at_closely_enough(frames: int, some: bool) -> None:
    assert bool(bursts(plan(timeline(list(range(frames))), frames=32))) is some


@pytest.mark.parametrize(("budget", "count"), [(15, 0), (16, 3)])
def test_a_budget_of_a_few_frames_has_no_room_for_a_burst(budget: int, count: int) -> None:
    assert len(bursts(plan(timeline(list(range(1_000))), frames=budget))) == count


def test_a_burst_never_reaches_into_the_next_step() -> None:
    planned = plan(timeline(list(range(65))), frames=32)

    reached = [step.then[-1] if step.then else step.at for step in planned.steps]
    assert all(last < step.at for last, step in zip(reached, planned.steps[1:], strict=False))


def test_where_frames_are_missing_a_step_stands_alone() -> None:
    with_a_hole = [*range(500), *range(1_500, 2_000)]

    planned = plan(timeline(with_a_hole), frames=32)

    assert all(burst[-1] - burst[0] == 2 for burst in bursts(planned))


def test_a_video_whose_times_are_uneven_is_sampled_still() -> None:
    planned = plan(timeline([*range(200), 1_000_000]), frames=32)

    assert planned.steps[0].at == 0
    assert planned.steps[-1].at == 1_000_000
    assert bursts(planned)
