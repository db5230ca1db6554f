"""Files that clips go through."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from benchmarks.distortions import Clip, Distortion, Strength
from benchmarks.distortions.compression import Codec, packed_jpeg, packed_video, through_video
from tests.unit.benchmarks.distortions.builders import HEIGHT, WIDTH, a_clip, a_picture, distance


def test_a_lower_jpeg_quality_makes_a_smaller_file() -> None:
    sizes = [len(packed_jpeg(a_picture(), quality)) for quality in (75, 40, 15)]
    assert sizes[0] > sizes[1] > sizes[2]
    assert sizes[0] < a_picture().nbytes / 4


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_higher_rate_factor_makes_a_smaller_file(codec: Codec) -> None:
    sizes = [len(packed_video(a_clip(), codec, factor)) for factor in (23, 32, 40)]
    assert all(before > after for before, after in pairwise(sizes))
    assert sizes[0] < sum(frame.nbytes for frame in a_clip().frames) / 10


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_frames_come_out_in_order_and_number(codec: Codec, count: int) -> None:
    before = Clip(
        frames=[np.full((64, 64, 3), 20 + 30 * at, np.uint8) for at in range(count)],
        frames_per_second=29.97,
    )
    after = through_video(before, codec, 20)
    values = [float(frame.mean()) for frame in after.frames]
    assert values == pytest.approx([20 + 30 * at for at in range(count)], abs=4)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_odd_sizes_and_rare_frames_survive(codec: Codec) -> None:
    odd = Clip(frames=[a_picture()[:-1, :-3]] * 2, frames_per_second=0.0004)
    after = through_video(odd, codec, 23)
    assert after.size == (HEIGHT - 1, WIDTH - 3)
    assert distance(odd.frames[0], after.frames[0]) < 12


@pytest.mark.parametrize("kind", ["picture_uploads", "video_uploads"])
@pytest.mark.parametrize(
    ("strength", "share"), [(Strength.MILD, 0.8), (Strength.MEDIUM, 0.9), (Strength.STRONG, 0.6)]
)
def test_uploads_leave_the_size_of_the_last_platform(
    kind: str, strength: Strength, share: float
) -> None:
    after = Distortion(kind=kind, strength=strength).apply(a_clip(2))
    assert after.size == (round(HEIGHT * share), round(WIDTH * share))
    assert after.faces is not None
    assert a_clip(2).faces is not None
    assert after.faces[0][0].landmarks[2] == pytest.approx((77 * share, 65 * share), abs=0.5)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_picture_is_no_worse_than_the_first_frame_of_a_video_that_stands_still(
    codec: Codec,
) -> None:
    alone, among = (
        distance(a_picture(), through_video(clip, codec, 40).frames[0])
        for clip in (
            Clip.still(a_picture()),
            Clip(frames=[a_picture()] * 8, frames_per_second=25),
        )
    )
    assert alone <= among
