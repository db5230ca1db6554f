"""Boxes around faces: overlap, non-maximum suppression, squares, patches cut out of a frame."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float32]  # N 4: left, top, right, bottom in pixels; right and bottom excluded


def area(boxes: Boxes) -> NDArray[np.float32]:
    """Area of each box in square pixels, 0 for a box turned inside out."""
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    areas: NDArray[np.float32] = sides[:, 0] * sides[:, 1]
    return areas


def intersection(box: Boxes, others: Boxes) -> NDArray[np.float32]:
    """Area that one box (4,) shares with each of the others (N, 4)."""
    corner = np.maximum(box[:2], others[:, :2])
    sides = np.maximum(np.minimum(box[2:], others[:, 2:]) - corner, 0)
    shared: NDArray[np.float32] = sides[:, 0] * sides[:, 1]
    return shared


def iou(box: Boxes, others: Boxes) -> NDArray[np.float32]:
    """Intersection over union of one box (4,) with each of the others (N, 4), 0 to 1."""
    shared = intersection(box, others)
    union = area(box[None]) + area(others) - shared
    shares: NDArray[np.float32] = shared / np.maximum(union, 1e-6)
    return shares


def suppress(
    boxes: Boxes, scores: NDArray[np.float32], *, above: float, nested: bool = False
) -> NDArray[np.intp]:
    """Indices of the boxes to keep, best score first: greedy non-maximum suppression.

    A box goes when it overlaps a better one by more than `above`: intersection over
    union, or over the smaller of the two when `nested`, which also removes a box that
    lies inside another.
    """
    areas = area(boxes)
    waiting = np.argsort(-scores, kind="stable")
    kept: list[np.intp] = []
    while waiting.size:
        best, waiting = waiting[0], waiting[1:]
        kept.append(best)
        shared = intersection(boxes[best], boxes[waiting])
        smaller = np.minimum(areas[best], areas[waiting])
        whole = smaller if nested else areas[best] + areas[waiting] - shared
        waiting = waiting[shared <= above * whole]
    return np.array(kept, dtype=np.intp)


def squared(boxes: Boxes) -> Boxes:
    """The same centres with the longer side for both."""
    half = np.max(boxes[:, 2:] - boxes[:, :2], axis=1, keepdims=True) / 2
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    square: Boxes = np.hstack([centre - half, centre + half])
    return square


def shifted(boxes: Boxes, by: NDArray[np.float32]) -> Boxes:
    """Move each edge (N, 4) by a share of the box's own width or height."""
    width, height = (boxes[:, 2:] - boxes[:, :2]).T
    moved: Boxes = boxes + by * np.stack([width, height, width, height], axis=1)
    return moved


def cut(frame: NDArray[np.uint8], boxes: Boxes, *, size: int) -> NDArray[np.uint8]:
    """Cut each box out of a frame (H W 3, uint8) and resize it by area to `size`.

    Returns patches (N size size 3, uint8); what lies outside the frame is black.
    """
    patches = np.empty((len(boxes), size, size, 3), np.uint8)
    for patch, box in zip(patches, np.rint(boxes).astype(int).tolist(), strict=True):
        cv2.resize(_inside(frame, *box), (size, size), dst=patch, interpolation=cv2.INTER_AREA)
    return patches


def _inside(
    frame: NDArray[np.uint8], left: int, top: int, right: int, bottom: int
) -> NDArray[np.uint8]:
    height, width = frame.shape[:2]
    right, bottom = max(right, left + 1), max(bottom, top + 1)
    seen = frame[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    if left >= 0 and top >= 0 and right <= width and bottom <= height:
        return seen
    padded = np.zeros((bottom - top, right - left, 3), np.uint8)
    x, y = max(-left, 0), max(-top, 0)
    padded[y : y + seen.shape[0], x : x + seen.shape[1]] = seen
    return padded


def resized(frame: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """The frame at another size; each new pixel is the mean of the area it covers."""
    picture = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(picture, np.uint8)
