"""Where pixels and faces go when geometry changes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.distortions import Clip, Distortion, Strength, shown
from benchmarks.distortions.geometry import turned
from inference.faces.crops import align, roll
from tests.unit.benchmarks.distortions.builders import HEIGHT, WIDTH, a_clip, a_face, a_picture


def distorted(kind: str, strength: Strength, clip: Clip | None = None, seed: int = 0) -> Clip:
    return Distortion(kind=kind, strength=strength, seed=seed).apply(clip or a_clip(3))


def marked() -> Clip:
    """Black but for one white pixel, on which the nose of a face is."""
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    face = a_face()
    x, y = face.landmarks[2]
    picture[int(y), int(x)] = 255
    return Clip.still(picture, [face])


def nose_pixel(clip: Clip) -> np.ndarray:
    assert clip.faces is not None
    x, y = clip.faces[0][0].landmarks[2]
    return clip.frames[0][math.ceil(y) - 1 : math.ceil(y) + 1, math.ceil(x) - 1 : math.ceil(x) + 1]


@pytest.mark.parametrize("kind", ["orientation", "hinted_orientation", "crop"])
@pytest.mark.parametrize("strength", list(Strength))
def test_the_nose_is_where_its_landmark_went(kind: str, strength: Strength) -> None:
    assert nose_pixel(distorted(kind, strength, marked())).max() == 255


def test_the_nose_of_a_mirrored_face_is_where_its_landmark_went() -> None:
    assert nose_pixel(distorted("mirror", Strength.MEDIUM, marked())).max() == 255


def test_a_mirror_of_a_mirror_is_the_original() -> None:
    back = distorted("mirror", Strength.MEDIUM, distorted("mirror", Strength.MEDIUM))
    assert np.array_equal(back.frames[0], a_clip(3).frames[0])
    assert back.faces == a_clip(3).faces


@pytest.mark.parametrize(
    ("strength", "degrees"), [(Strength.MILD, 90), (Strength.MEDIUM, -90), (Strength.STRONG, 180)]
)
def test_a_turned_face_is_read_as_turned(strength: Strength, degrees: int) -> None:
    after = distorted("orientation", strength)
    assert after.faces is not None
    turned_by = math.degrees(roll(after.faces[0][0]) - roll(a_face()))
    assert math.remainder(turned_by - degrees, 360) == pytest.approx(0, abs=1e-6)


def test_quarter_turns_swap_height_and_width() -> None:
    assert distorted("orientation", Strength.MILD).size == (WIDTH, HEIGHT)
    assert distorted("orientation", Strength.STRONG).size == (HEIGHT, WIDTH)


@pytest.mark.parametrize("quarters", range(4))
def test_a_crop_of_a_turned_face_is_the_crop_of_the_face(quarters: int) -> None:
    upright = Clip.still(a_picture(), [a_face()])
    there = turned(upright, quarters)
    assert there.faces is not None
    off = align(there.frames[0], there.faces[0][0]).astype(int) - align(a_picture(), a_face())
    assert np.abs(off).mean() < 1


@pytest.mark.parametrize("strength", list(Strength))
def test_players_that_follow_the_hint_show_the_original(strength: Strength) -> None:
    stored = distorted("hinted_orientation", strength)
    assert stored.quarter_turns != 0
    assert np.array_equal(stored.frames[0], distorted("orientation", strength).frames[0])
    assert np.array_equal(shown(stored).frames[0], a_clip(3).frames[0])
    assert shown(stored).faces == a_clip(3).faces
    assert shown(stored).quarter_turns == 0


@pytest.mark.parametrize(
    ("strength", "share"), [(Strength.MILD, 0.75), (Strength.MEDIUM, 0.5), (Strength.STRONG, 0.25)]
)
def test_resolution_reduces_the_frame_and_the_face_in_it(strength: Strength, share: float) -> None:
    after = distorted("resolution", strength)
    assert after.size == (HEIGHT * share, WIDTH * share)
    assert after.faces is not None
    assert after.faces[0][0].box_xyxy == tuple(share * side for side in a_face().box_xyxy)


@pytest.mark.parametrize("seed", range(8))
def test_a_crop_keeps_the_landmarks_in_the_picture(seed: int) -> None:
    after = distorted("crop", Strength.STRONG, seed=seed)
    height, width = after.size
    assert (height, width) == (HEIGHT / 2, WIDTH / 2)
    assert after.faces is not None
    for x, y in (point for there in after.faces for point in there[0].landmarks):
        assert 0 <= x <= width
        assert 0 <= y <= height


def test_a_crop_without_known_faces_keeps_the_middle() -> None:
    before = Clip.still(np.zeros((60, 60, 3), np.uint8))
    before.frames[0][28:33, 28:33] = 255
    for seed in range(8):
        assert distorted("crop", Strength.STRONG, before, seed).frames[0].max() == 255
