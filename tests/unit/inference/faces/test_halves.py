import numpy as np
import pytest

from inference.faces.boxes import cut, resized
from inference.faces.halves import Halves


def smooth(height, width):
    """A picture (H W 3, uint8) that changes slowly, and differently in each channel."""
    rows, columns = np.mgrid[:height, :width]
    waves = [np.sin(rows / 37 + phase) + np.cos(columns / 51 - phase) for phase in range(3)]
    return ((np.stack(waves, axis=-1) + 2) * 60).astype(np.uint8)


@pytest.mark.parametrize("frame", [(720, 1280), (333, 501)])
@pytest.mark.parametrize("share", [0.9, 0.5, 0.3, 0.07])
def test_reducing_a_half_gives_what_reducing_the_frame_gives(frame, share):
    pixels = smooth(*frame)
    height, width = (round(side * share) for side in frame)
    reduced = Halves(pixels).resized(width, height)
    assert reduced.shape == (height, width, 3)
    apart = np.abs(reduced.astype(int) - resized(pixels, width, height))
    assert apart.max() <= 3


@pytest.mark.parametrize("frame", [(720, 1280), (333, 501)])
@pytest.mark.parametrize(
    "box", [(10, 20, 40, 50), (100, 60, 340, 300), (248, 88, 488, 328), (0, 0, 333, 333)]
)
def test_a_patch_shows_what_a_patch_of_the_frame_shows_whatever_its_size(frame, box):
    pixels, boxes = smooth(*frame), np.array([box], np.float32)
    apart = Halves(pixels).cut(boxes, size=24).astype(int) - cut(pixels, boxes, size=24)
    assert np.abs(apart).max() <= 4


def test_what_lies_outside_the_frame_is_black():
    (patch,) = Halves(smooth(333, 501)).cut(np.array([(400, 200, 560, 360)], np.float32), size=24)
    assert not patch[:, -8:].any()
    assert not patch[-3:].any()
    assert patch[:19, :14].all()


def test_no_box_is_no_patch():
    assert Halves(smooth(60, 80)).cut(np.empty((0, 4), np.float32), size=24).shape == (0, 24, 24, 3)


def test_a_picture_of_one_pixel_is_enlarged():
    one = np.full((1, 1, 3), 9, np.uint8)
    assert Halves(one).resized(4, 4).tolist() == [[[9] * 3] * 4] * 4
