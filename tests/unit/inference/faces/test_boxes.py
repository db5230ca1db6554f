import numpy as np
import pytest

from inference.faces.boxes import cut, iou, shifted, squared, suppress


def boxes(*rows):
    return np.array(rows, np.float32)


def test_a_box_that_overlaps_a_better_one_too_far_goes():
    # 10 by 10, moved by 2 of 10: they share 80 of 120.
    found = boxes((0, 0, 10, 10), (2, 0, 12, 10))
    scores = np.array([0.7, 0.9], np.float32)
    assert suppress(found, scores, above=0.66).tolist() == [1]
    assert suppress(found, scores, above=0.67).tolist() == [1, 0]


def test_a_box_inside_another_goes_only_when_nesting_counts():
    found = boxes((0, 0, 100, 100), (40, 40, 60, 60))
    scores = np.array([0.9, 0.8], np.float32)
    assert suppress(found, scores, above=0.7).tolist() == [0, 1]
    assert suppress(found, scores, above=0.7, nested=True).tolist() == [0]


def test_nothing_is_kept_of_nothing():
    assert suppress(np.empty((0, 4), np.float32), np.empty(0, np.float32), above=0.5).size == 0


def test_overlap_is_a_share_of_the_union():
    assert iou(
        boxes((0, 0, 10, 10))[0], boxes((0, 0, 10, 10), (5, 0, 15, 10), (20, 20, 30, 30))
    ) == (pytest.approx([1, 1 / 3, 0]))


def test_a_square_keeps_the_centre_and_takes_the_longer_side():
    assert squared(boxes((0, 0, 10, 20))).tolist() == [[-5, 0, 15, 20]]


def test_edges_move_by_shares_of_the_sides():
    assert shifted(boxes((0, 0, 10, 20)), boxes((0.1, 0.1, -0.1, 0))).tolist() == [[1, 2, 9, 20]]


@pytest.mark.parametrize(
    "box", [(-10, -10, 10, 10), (90, 40, 120, 70), (-50, -50, -10, -10), (5, 5, 5, 5)]
)
def test_what_lies_outside_the_frame_is_black(box):
    frame = np.full((60, 100, 3), 200, np.uint8)
    patch = cut(frame, boxes(box), size=20)[0]
    left, top, right, bottom = box
    for x, y in ((left, top), (right - 1, bottom - 1)):
        row, column = (0, 0) if (x, y) == (left, top) else (-1, -1)
        inside = (0 <= x < 100 and 0 <= y < 60) or box == (5, 5, 5, 5)
        assert patch[row, column].tolist() == ([200] * 3 if inside else [0] * 3)
