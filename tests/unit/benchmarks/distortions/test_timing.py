"""Frames that are repeated, blended and left out."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from benchmarks.distortions import Clip, Distortion, Strength


def numbered(frames: int = 49) -> Clip:
    """Frame n has the value 4 n everywhere."""
    pictures = [np.full((16, 16, 3), 4 * at, np.uint8) for at in range(frames)]
    return Clip(frames=pictures, frames_per_second=24.0)


def values(kind: str, strength: Strength) -> list[int]:
    return [int(frame[0, 0, 0]) for frame in distorted(kind, strength).frames]


def distorted(kind: str, strength: Strength) -> Clip:
    return Distortion(kind=kind, strength=strength).apply(numbered())


@pytest.mark.parametrize(
    ("strength", "factor"), [(Strength.MILD, 1.5), (Strength.MEDIUM, 2), (Strength.STRONG, 4)]
)
def test_slow_motion_takes_longer_over_the_same(strength: Strength, factor: float) -> None:
    after = values("slow_motion", strength)
    assert len(after) == 48 * factor + 1
    assert (after[0], after[-1]) == (0, 192)
    assert after == sorted(after)


def test_slow_motion_blends_neighbours() -> None:
    assert values("slow_motion", Strength.MEDIUM)[:4] == [0, 2, 4, 6]


@pytest.mark.parametrize(
    ("strength", "factor"), [(Strength.MILD, 1.5), (Strength.MEDIUM, 2), (Strength.STRONG, 4)]
)
def test_fast_motion_leaves_frames_out_at_the_old_pace(strength: Strength, factor: float) -> None:
    after = distorted("fast_motion", strength)
    assert len(after.frames) == pytest.approx(49 / factor, abs=1)
    assert after.frames_per_second == 24


@pytest.mark.parametrize("strength", list(Strength))
def test_a_low_frame_rate_lasts_as_long_with_fewer_frames(strength: Strength) -> None:
    after = distorted("low_frame_rate", strength)
    assert len(after.frames) < 49 / 1.9
    assert len(after.frames) / after.frames_per_second == pytest.approx(49 / 24, abs=0.25)


@pytest.mark.parametrize(
    ("strength", "share"), [(Strength.MILD, 0.1), (Strength.MEDIUM, 0.3), (Strength.STRONG, 0.6)]
)
def test_the_frame_before_stands_for_one_that_is_lost(strength: Strength, share: float) -> None:
    after = values("lost_frames", strength)
    assert len(after) == 49
    repeated = sum(now == before for before, now in pairwise(after))
    assert repeated / 48 == pytest.approx(share, abs=0.15)
    assert all(value <= 4 * at for at, value in enumerate(after))


def test_what_a_milder_loss_takes_a_stronger_one_takes_too() -> None:
    mild, strong = (
        values("lost_frames", strength) for strength in (Strength.MILD, Strength.STRONG)
    )
    kept_by_strong = {at for at, value in enumerate(strong) if value == 4 * at}
    kept_by_mild = {at for at, value in enumerate(mild) if value == 4 * at}
    assert kept_by_strong < kept_by_mild
