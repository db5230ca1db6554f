from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.faces.boxes import iou
from inference.faces.mtcnn import MtcnnDetector

PORTRAIT = Path(__file__).parents[4] / "samples" / "portrait.jpg"


@pytest.fixture(scope="module")
def detector():
    return MtcnnDetector()


@pytest.fixture(scope="module")
def portrait():
    picture = cv2.imread(str(PORTRAIT))
    assert picture is not None
    return np.ascontiguousarray(picture[:, :, ::-1])


def test_the_face_of_a_portrait_is_found_with_its_landmarks(detector, portrait):
    [face] = detector.detect(portrait)
    left, top, right, bottom = face.box_xyxy
    eye, other_eye, nose, mouth, other_mouth = face.landmarks
    assert face.detector_score > 0.99
    assert left < eye[0] < nose[0] < other_eye[0] < right
    assert top < eye[1] < nose[1] < mouth[1] < bottom
    assert mouth[0] < other_mouth[0]


def test_landmarks_do_not_lean_to_one_side(detector, portrait):
    [face] = detector.detect(portrait)
    [mirrored] = detector.detect(np.ascontiguousarray(portrait[:, ::-1]))
    width = face.box_xyxy[2] - face.box_xyxy[0]
    back = np.array(mirrored.landmarks)[[1, 0, 2, 4, 3], 0]
    lean = np.array(face.landmarks)[:, 0] - (portrait.shape[1] - back)
    assert abs(lean.mean()) / 2 < 0.02 * width


def test_a_frame_that_was_reduced_gives_coordinates_of_its_own(detector, portrait):
    [small] = detector.detect(portrait)
    enlarged = cv2.resize(portrait, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    large = detector.detect(enlarged)[0]
    assert np.array(large.box_xyxy) / 4 == pytest.approx(np.array(small.box_xyxy), abs=8)


def test_a_face_much_smaller_than_the_smallest_is_not_looked_for(portrait):
    [face] = MtcnnDetector().detect(portrait)
    size = min(face.box_xyxy[2] - face.box_xyxy[0], face.box_xyxy[3] - face.box_xyxy[1])
    # A window twice as large may still show it, and the later networks come closer.
    assert MtcnnDetector(smallest_face=int(size * 3)).detect(portrait) == []


def test_looking_again_near_where_a_face_was_finds_it_where_it_is(detector, portrait):
    [face] = detector.detect(portrait)
    width = face.box_xyxy[2] - face.box_xyxy[0]
    near = np.array([face.box_xyxy], np.float32) + width * 0.15
    again = detector.look_again(portrait, near)
    there = np.array([other.box_xyxy for other in again], np.float32)
    assert iou(np.array(face.box_xyxy, np.float32), there).max() > 0.7


@pytest.mark.parametrize("shape", [(1, 1, 3), (11, 300, 3), (39, 39, 3), (400, 41, 3)])
def test_a_frame_too_small_or_empty_holds_no_face(detector, shape):
    assert detector.detect(np.zeros(shape, np.uint8)) == []


def test_two_detections_of_one_frame_agree(detector, portrait):
    assert detector.detect(portrait) == detector.detect(portrait)


def test_noise_ends_with_few_candidates(detector):
    noise = np.random.default_rng(3).integers(0, 256, (480, 640, 3), np.uint8)
    assert len(detector.detect(noise)) < 5
