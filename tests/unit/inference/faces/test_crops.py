from math import cos, radians, sin

import cv2
import numpy as np
import pytest

from inference.faces.crops import CROP_SIDE, align, frontality, measure, roll
from moderation.tracks import Face

EYES_NOSE_MOUTH = np.array([(-0.2, -0.15), (0.2, -0.15), (0.0, 0.05), (-0.15, 0.25), (0.15, 0.25)])


def face(*, at=(300.0, 200.0), side=100.0, tilt=0.0, nose_aside=0.0):
    turn = np.array(
        [[cos(radians(tilt)), sin(radians(tilt))], [-sin(radians(tilt)), cos(radians(tilt))]]
    )
    points = EYES_NOSE_MOUTH.copy()
    points[2, 0] += nose_aside
    x, y = at
    return Face(
        box_xyxy=(x - side / 2, y - side / 2, x + side / 2, y + side / 2),
        landmarks=tuple(map(tuple, (points * side @ turn + at).tolist())),
        detector_score=0.9,
    )


def ramps(height=400, width=600):
    """A frame whose red tells x and whose green tells y, a quarter of a level per pixel."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x / 4, y / 4, np.zeros_like(x)], axis=2).round().astype(np.uint8)


@pytest.mark.parametrize("side", [40.0, 100.0, 172.0, 180.0, 280.0])
def test_a_crop_shows_the_box_and_a_margin_around_it(side):
    crop = align(ramps(), face(side=side)).astype(float)
    assert crop.shape == (CROP_SIDE, CROP_SIDE, 3)
    places = np.array([2, 60, 112, 164, 221])
    seen = (places + 0.5 - CROP_SIDE / 2) / CROP_SIDE * 1.3 * side
    assert crop[112, places, 0] * 4 == pytest.approx(300 + seen, abs=3.5)
    assert crop[places, 112, 1] * 4 == pytest.approx(200 + seen, abs=3.5)


@pytest.mark.parametrize("tilt", [-80, -30, 0, 15, 60])
@pytest.mark.parametrize("side", [60.0, 240.0])
def test_a_tilted_face_stands_upright_in_its_crop(tilt, side):
    tilted = face(side=side, tilt=tilt)
    assert abs(roll(tilted)) == pytest.approx(abs(radians(tilt)), abs=1e-6)
    frame = np.zeros((400, 600, 3), np.uint8)
    for x, y in tilted.landmarks[:2]:
        cv2.circle(frame, (round(x), round(y)), max(round(side / 25), 2), (255, 255, 255), -1)
    rows, columns = np.nonzero(align(frame, tilted)[:, :, 0] > 128)
    left, right = columns < CROP_SIDE / 2, columns >= CROP_SIDE / 2
    assert rows[left].mean() == pytest.approx(rows[right].mean(), abs=3)
    expected = CROP_SIDE / 2 + 0.2 * CROP_SIDE / 1.3 * np.array([-1, 1])
    assert [columns[left].mean(), columns[right].mean()] == pytest.approx(expected, abs=3)


def test_a_large_face_is_reduced_without_aliasing():
    frame = np.zeros((1200, 1200, 3), np.uint8)
    frame[::2] = 255  # lines that a crop five times smaller cannot show
    crop = align(frame, face(at=(600, 600), side=860))
    assert crop.std() < 30  # taking every fifth pixel gives 127
    assert crop.mean() == pytest.approx(127.5, abs=3)


def test_beyond_the_frame_there_is_no_border():
    frame = np.full((100, 100, 3), 90, np.uint8)
    assert np.unique(align(frame, face(at=(95, 5), side=80))).tolist() == [90]


def test_a_face_outside_the_frame_or_without_size_still_gives_a_crop():
    frame = ramps(60, 80)
    for odd in (face(at=(-500, 900)), face(at=(40, 30), side=0.0), face(at=(40, 30), side=5000)):
        assert align(frame, odd).shape == (CROP_SIDE, CROP_SIDE, 3)


def test_only_the_visible_part_of_a_face_counts_as_its_size():
    frame = np.zeros((400, 600, 3), np.uint8)
    crop = np.zeros((CROP_SIDE, CROP_SIDE, 3), np.uint8)
    assert measure(frame, face(), crop).face_pixels == 100
    assert measure(frame, face(at=(600, 200)), crop).face_pixels == 50
    assert measure(frame, face(at=(900, 200)), crop).face_pixels == 0


def test_blurring_a_crop_lowers_its_sharpness():
    crop = np.random.default_rng(0).integers(0, 256, (CROP_SIDE, CROP_SIDE, 3), np.uint8)
    frame = np.zeros((400, 600, 3), np.uint8)
    blurred = cv2.GaussianBlur(crop, (0, 0), 2)
    assert measure(frame, face(), blurred).sharpness < measure(frame, face(), crop).sharpness / 10


def test_a_flat_crop_has_no_sharpness():
    flat = np.full((CROP_SIDE, CROP_SIDE, 3), 7, np.uint8)
    assert measure(flat, face(), flat).sharpness == 0


def test_a_face_is_frontal_as_far_as_its_nose_is_in_the_middle():
    assert frontality(face()) == pytest.approx(1)
    assert frontality(face(tilt=40)) == pytest.approx(1)
    assert 0.3 < frontality(face(nose_aside=0.1)) < 0.6
    assert frontality(face(nose_aside=-0.1)) == pytest.approx(frontality(face(nose_aside=0.1)))
    assert frontality(face(nose_aside=0.3)) == 0


def test_a_profile_is_not_turned_by_eyes_that_fall_on_one_another():
    x, y = 300.0, 200.0
    profile = Face(
        box_xyxy=(250, 150, 350, 250),
        landmarks=((x, y - 15), (x + 1, y - 12), (x + 30, y), (x, y + 25), (x + 1, y + 25)),
        detector_score=0.8,
    )
    assert abs(roll(profile)) < radians(10)
    assert frontality(profile) == 0
