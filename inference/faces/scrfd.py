"""Finds faces with an SCRFD file that has landmarks (Guo et al. 2021)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.faces.anchors import STRIDES, faces_from, filled_up, grid
from inference.faces.mtcnn import reduce_to
from inference.faces.networks import Network, fixed_size
from moderation.tracks import Face

_ANCHORS = 2  # of each cell


class ScrfdDetector:
    """SCRFD on OpenVINO; one per thread.

    Published files name their outputs by numbers, in the order scores, boxes, landmarks, each
    at strides 8, 16 and 32. A network of fixed size gets the frame reduced to fit
    it. `above` is the score that a face must pass.
    """

    name = "scrfd"

    def __init__(
        self, model: Path, *, longest_side: int = 640, above: float = 0.5, threads: int = 1
    ) -> None:
        """Raises:
        InvalidConfiguration: the file is missing or is no network.
        """
        self._network = Network(model, threads=threads, mean=127.5, scale=128.0)
        self._size = fixed_size(model)
        self._longest_side = min(*self._size) if self._size else longest_side
        self._above = above

    def detect(self, frame: NDArray[np.uint8]) -> list[Face]:
        """Find the faces in a frame (H W 3, uint8, 0 to 255, RGB), best first."""
        reduced, scale = reduce_to(frame, self._longest_side)
        picture = filled_up(reduced, size=self._size)
        answers = self._network.run(picture, range(9))
        boxes, points, scores = [], [], []
        for level, stride in enumerate(STRIDES):
            centre = grid(*picture.shape[1:3], stride=stride, repeated=_ANCHORS) * stride
            reach = answers[level + 3].reshape(-1, 4) * stride  # left, top, right, bottom
            boxes.append(np.hstack([centre - reach[:, :2], centre + reach[:, 2:]]))
            away = answers[level + 6].reshape(-1, 5, 2) * stride
            points.append(centre[:, None] + away)
            scores.append(answers[level].reshape(-1))
        return faces_from(
            np.concatenate(boxes),
            np.concatenate(points),
            np.concatenate(scores),
            above=self._above,
            scale=scale,
        )
