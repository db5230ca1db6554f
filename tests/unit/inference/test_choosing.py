import numpy as np

from inference.choosing import Sighting, choose, merit
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
