"""Showing a face in another light and by another camera."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.training.builders import a_face, a_picture
from training.blending.variation import varied


def _marked(size: int = 200) -> np.ndarray:
    """A grey picture with a white spot on each of the face's landmarks."""
    pixels = np.full((size, size, 3), 90, np.uint8)
    for x, y in a_face().landmarks:
        pixels[round(y) - 3 : round(y) + 4, round(x) - 3 : round(x) + 4] = 255
    return pixels


@pytest.mark.parametrize("seed", range(12))
def test_landmarks_go_where_the_picture_goes(seed: int) -> None:
    pixels, face = varied(_marked(), a_face(), np.random.default_rng(seed))
    brightness = pixels.mean(axis=2)
    for x, y in face.landmarks:
        row, column = round(y), round(x)
        near = brightness[row - 2 : row + 3, column - 2 : column + 3].mean()
        assert near > np.median(brightness) + 30


@pytest.mark.parametrize("seed", range(12))
def test_the_box_still_holds_the_landmarks_and_hardly_changes_its_size(seed: int) -> None:
    _, face = varied(a_picture(), a_face(), np.random.default_rng(seed))
    left, top, right, bottom = face.box_xyxy
    assert all(left < x < right and top < y < bottom for x, y in face.landmarks)
    assert 0.89 <= (right - left) / 100 <= 1.11
    assert 0.89 <= (bottom - top) / 125 <= 1.11


def test_a_picture_keeps_its_shape_and_type_and_is_not_written_over() -> None:
    before = a_picture()
    pixels, _ = varied(before, a_face(), np.random.default_rng(1))
    assert pixels.shape == before.shape
    assert pixels.dtype == np.uint8
    assert (before == a_picture()).all()


def test_equal_draws_show_the_same_and_others_do_not() -> None:
    one, again, other = (
        varied(a_picture(), a_face(), np.random.default_rng(seed))[0] for seed in (1, 1, 2)
    )
    assert (one == again).all()
    assert (one != other).any()
