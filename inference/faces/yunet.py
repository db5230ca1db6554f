"""Finds faces with a YuNet file (Wu et al. 2023), as published in OpenCV's model zoo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.faces.anchors import STRIDES, faces_from, filled_up, grid
from inference.faces.mtcnn import reduce_to
from inference.faces.networks import Network, fixed_size
from moderation.tracks import Face

_OUTPUTS = [f"{name}_{stride}" for name in ("cls", "obj", "bbox", "kps") for stride in STRIDES]


class YunetDetector:
    """YuNet on OpenVINO; one per thread.

    A network of fixed size gets the frame reduced to fit it; one of any size gets it
    no longer than `longest_side`. `above` is the score that a face must pass.
    """

    name = "yunet"

    def __init__(
        self, model: Path, *, longest_side: int = 1280, above: float = 0.7, threads: int = 1
    ) -> None:
        """Raises:
        InvalidConfiguration: the file is missing or is no network.
        """
        self._network = Network(model, threads=threads, bgr=True)  # takes 0 to 255 as they are
        self._size = fixed_size(model)
        self._longest_side = min(*self._size) if self._size else longest_side
        self._above = above

    def detect(self, frame: NDArray[np.uint8]) -> list[Face]:
        """Find the faces in a frame (H W 3, uint8, 0 to 255, RGB), best first."""
        reduced, scale = reduce_to(frame, self._longest_side)
        picture = filled_up(reduced, size=self._size)
        answers = self._network.run(picture, _OUTPUTS)
        boxes, points, scores = [], [], []
        for level, stride in enumerate(STRIDES):
            faceness, objectness, box, point = (answers[level + 3 * kind][0] for kind in range(4))
            cells = grid(*picture.shape[1:3], stride=stride)
            centre, half = (box[:, :2] + cells) * stride, np.exp(box[:, 2:]) * stride / 2
            boxes.append(np.hstack([centre - half, centre + half]))
            points.append((point.reshape(-1, 5, 2) + cells[:, None]) * stride)
            scores.append(np.sqrt(np.clip(faceness, 0, 1) * np.clip(objectness, 0, 1))[:, 0])
        return faces_from(
            np.concatenate(boxes),
            np.concatenate(points),
            np.concatenate(scores),
            above=self._above,
            scale=scale,
        )
