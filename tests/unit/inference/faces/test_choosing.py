from itertools import pairwise

import numpy as np
import pytest

from inference.faces.choosing import Sighting, bursts, choose, merit
from moderation.tracks import CropQuality, Face

FACE = Face(
    box_xyxy=(0, 0, 9, 9), landmarks=((2, 2), (6, 2), (4, 4), (2, 6), (6, 6)), detector_score=1
)


def quality(*, face_pixels=172.0, sharpness=100.0, frontality=1.0):
    return CropQuality(
        face_pixels=face_pixels, sharpness=sharpness, frontality=frontality, detector_score=1.0
    )


def sighting(at_seconds, **changes):
    return Sighting(
        at_seconds=at_seconds,
        face=FACE,
        pixels=np.zeros((1, 1, 3), np.uint8),
        quality=quality(**changes),
    )


def test_the_crops_kept_are_spread_over_time_although_the_best_are_together():
    good = [sighting(at) for at in (0.0, 0.1, 0.2, 0.3)]
    poor = [sighting(at, sharpness=10) for at in (5.0, 10.0)]
    assert [kept.at_seconds for kept in choose(good + poor, at_most=3)] == [0.0, 5.0, 10.0]


def test_the_best_of_a_stretch_is_kept():
    blurred, sharp, end = sighting(0.0, sharpness=5), sighting(0.5), sighting(10.0)
    assert choose([blurred, sharp, end], at_most=2) == [sharp, end]


def test_empty_stretches_are_filled_with_the_best_of_the_rest():
    seen = [sighting(at, sharpness=at + 1) for at in (0.0, 0.1, 0.2)] + [sighting(10.0)]
    assert [kept.at_seconds for kept in choose(seen, at_most=3)] == [0.1, 0.2, 10.0]


def test_few_sightings_are_all_kept_in_order_of_time():
    late, early = sighting(2.0), sighting(1.0)
    assert choose([late, early], at_most=2) == [early, late]
    assert choose([late, early, early], at_most=2) != []


def test_sightings_of_one_moment_are_bounded_too():
    assert len(choose([sighting(1.0) for _ in range(5)], at_most=2)) == 2


def test_small_blurred_and_averted_faces_tell_less():
    best = merit(quality())
    assert best == 1
    assert merit(quality(face_pixels=40)) < best
    assert merit(quality(sharpness=20)) < best
    assert 0 < merit(quality(frontality=0)) < best


def sampled(*, moments=20, burst_every=3, **changes):
    """Sightings two seconds apart, every so often a burst of three at 30 frames a second."""
    times = []
    for moment in range(moments):
        frames = 3 if moment % burst_every == 1 else 1
        times += [2.0 * moment + frame / 30 for frame in range(frames)]
    return [sighting(at, **changes) for at in times]


def lengths(kept):
    return [len(burst) for burst in bursts(kept)]


def test_bursts_are_kept_whole_or_as_one_crop():
    kept = choose(sampled(), at_most=16)
    assert len(kept) == 16
    assert sorted(lengths(kept)) == [1] * 7 + [3] * 3


def test_bursts_kept_are_spread_over_time():
    starts = [burst[0].at_seconds for burst in bursts(choose(sampled(), at_most=16)) if burst[1:]]
    assert starts[0] < 14
    assert 12 < starts[1] < 28
    assert starts[2] >= 26


def test_single_crops_are_kept_where_no_burst_is():
    kept = bursts(choose(sampled(), at_most=16))
    gaps = [after[0].at_seconds - before[0].at_seconds for before, after in pairwise(kept)]
    assert max(gaps) <= 8


@pytest.mark.parametrize(("at_most", "whole"), [(4, 0), (5, 1), (9, 1), (10, 2)])
def test_one_burst_is_kept_for_five_crops(at_most, whole):
    assert lengths(choose(sampled(), at_most=at_most)).count(3) == whole


def test_a_burst_with_a_blurred_crop_gives_way_to_one_without():
    poor = [sighting(at, sharpness=s) for at, s in ((0.0, 100), (0.03, 4), (0.07, 100))]
    good = [sighting(at, sharpness=50) for at in (4.0, 4.03, 4.07)]
    kept = choose([*poor, *good, sighting(9.0)], at_most=6)
    assert [burst[0].at_seconds for burst in bursts(kept) if len(burst) == 3] == [4.0]


def test_a_clip_seen_frame_by_frame_is_cut_into_bursts():
    assert lengths([sighting(frame / 30) for frame in range(8)]) == [3, 3, 2]


@pytest.mark.parametrize(("apart", "close"), [(0.1, True), (0.102, False)])
def test_crops_more_than_a_tenth_of_a_second_apart_are_no_burst(apart, close):
    assert (len(bursts([sighting(1.0), sighting(1.0 + apart)])) == 1) is close


def test_a_burst_goes_on_after_the_choice_was_narrowed_meanwhile():
    kept = []
    for seen in sampled(moments=60):
        kept.append(seen)
        if len(kept) > 32:
            kept = choose(kept, at_most=16)
    assert lengths(choose(kept, at_most=16)).count(3) >= 2
