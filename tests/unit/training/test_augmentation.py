"""What happens to pictures on their way."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.training.builders import a_picture
from training.augmentation import Wear, alter, coarsen, h264, jpeg, shift_colours


def no_wear(**changed: object) -> Wear:
    steps: dict[str, object] = dict.fromkeys(Wear.__dataclass_fields__)
    return Wear(**(steps | {"noise_seed": 0} | changed))  # type: ignore[arg-type]


def test_equal_pictures_stay_equal_whatever_wears_them() -> None:
    for seed in range(60):
        one, twin = Wear.draw(np.random.default_rng(seed)).apply([a_picture(), a_picture()])
        assert (one == twin).all()


def test_wear_without_steps_leaves_pictures_alone() -> None:
    assert (no_wear().apply([a_picture()])[0] == a_picture()).all()


@pytest.mark.parametrize("steps", [{"quality": 40}, {"quantiser": 30}, {"blur_sigma": 1.0},
                                   {"noise_sigma": 5.0}, {"coarsen_by": 2.0},
                                   {"colours_seed": 1}])  # fmt: skip
def test_every_step_of_wear_changes_a_picture_but_neither_its_shape_nor_its_kind(
    steps: dict[str, object],
) -> None:
    worn = no_wear(**steps).apply([a_picture()])[0]
    assert worn.shape == a_picture().shape
    assert worn.dtype == np.uint8
    assert (worn != a_picture()).any()


def test_a_video_key_frame_does_not_depend_on_the_frame_before() -> None:
    picture, other = a_picture(1), 255 - a_picture(2)
    assert (h264([picture, picture], 28)[1] == h264([other, picture], 28)[1]).all()


def test_video_keeps_odd_sides() -> None:
    assert h264([a_picture()[:151, :133]], 20)[0].shape == (151, 133, 3)


def test_stronger_compression_is_further_from_the_picture() -> None:
    errors = [np.abs(jpeg(a_picture(), q).astype(int) - a_picture()).mean() for q in (95, 60, 20)]
    assert errors == sorted(errors)
    assert errors[0] < errors[-1]


def test_colours_without_strength_stay_as_they_are() -> None:
    shifted = shift_colours(a_picture(), np.random.default_rng(0), strength=0)
    assert np.abs(shifted.astype(int) - a_picture()).max() <= 1


def test_altering_and_coarsening_keep_the_shape() -> None:
    assert alter(a_picture(), np.random.default_rng(0)).shape == (200, 200, 3)
    assert coarsen(a_picture()[:77], 3.0).shape == (77, 200, 3)
