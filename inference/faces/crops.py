"""Turns a face in a frame into an aligned crop, and says how much that crop can tell.

Training and serving both call `align`: what the model learned on is what it is shown.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.faces.boxes import resized
from moderation.tracks import CropQuality, Face

CROP_SIDE = 224
MARGIN = 1.3  # of the longer side of the face's box: forgeries show at the seam around the face

# Changes whenever `align` gives other pixels for the same face.
ALIGNMENT = "levelled-1.3-224-v1"


def align(frame: NDArray[np.uint8], face: Face) -> NDArray[np.uint8]:
    """Cut a face out upright, with its surroundings (224 224 3, uint8, 0 to 255, RGB).

    A similarity transform: the face is levelled, its box made square and 1.3 times as
    large. A large face is first reduced by area and then turned, so that nothing
    aliases. Outside the frame the picture is reflected: a constant border would be an edge
    that counts as sharpness, and a mark that a model could learn.
    """
    centre, side = _square(face)
    scale = CROP_SIDE / side
    seen, (left, top), (scale_x, scale_y) = _surroundings(frame, centre, side, min(scale, 1.0))
    angle = roll(face)
    turn = scale * np.array(
        [[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]
    )
    # Pixel i covers i to i + 1, so its centre lies at i + 1/2 in every picture on the way.
    linear = turn @ np.diag([1 / scale_x, 1 / scale_y])
    offset = turn @ (np.array([left, top]) - centre) + CROP_SIDE / 2
    offset += linear @ np.array([0.5, 0.5]) - 0.5
    return np.asarray(
        cv2.warpAffine(
            seen,
            np.column_stack([linear, offset]),
            (CROP_SIDE, CROP_SIDE),
            flags=cv2.INTER_CUBIC,
            borderMode=_border(seen),
        ),
        np.uint8,
    )


def measure(frame: NDArray[np.uint8], face: Face, crop: NDArray[np.uint8]) -> CropQuality:
    """Say how much a crop can tell; frame (H W 3) and crop (224 224 3) are uint8 RGB.

    Only the part of the face that lies in the frame counts as its size.
    """
    height, width = frame.shape[:2]
    left, top, right, bottom = face.box_xyxy
    visible_width = min(right, width) - max(left, 0.0)
    visible_height = min(bottom, height) - max(top, 0.0)
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    return CropQuality(
        face_pixels=max(min(visible_width, visible_height), 0.0),
        sharpness=float(cv2.Laplacian(grey, cv2.CV_64F).var()),
        frontality=frontality(face),
        detector_score=face.detector_score,
    )


def roll(face: Face) -> float:
    """How far the face is tilted, in radians, clockwise as seen (y points down).

    The line of the eyes and the line from the eyes to the mouth decide together: in profile
    the eyes fall on one another, and their line alone would point anywhere. (The
    combination is the one by which FFHQ was aligned; Karras et al. 2019.)
    """
    eye, other_eye, _, mouth, other_mouth = np.array(face.landmarks)
    across = other_eye - eye
    down = (mouth + other_mouth - eye - other_eye) / 2
    x, y = across + np.array([down[1], -down[0]])
    return math.atan2(y, x)


def frontality(face: Face) -> float:
    """1 when the nose tip is midway between the two sides of the face, 0 when it is beyond one."""
    points = np.array(face.landmarks)
    angle = roll(face)
    x = points @ np.array([math.cos(angle), math.sin(angle)])
    left, right, nose = (x[0] + x[3]) / 2, (x[1] + x[4]) / 2, x[2]
    if right <= left:
        return 0.0
    nearer = min(nose - left, right - nose)
    return float(np.clip(2 * nearer / (right - left), 0.0, 1.0))


def _border(seen: NDArray[np.uint8]) -> int:
    # OpenCV 5.0 never returns when it has to reflect a single row or column.
    return cv2.BORDER_REFLECT_101 if min(seen.shape[:2]) > 1 else cv2.BORDER_REPLICATE


def _square(face: Face) -> tuple[NDArray[np.float64], float]:
    left, top, right, bottom = face.box_xyxy
    side = MARGIN * max(right - left, bottom - top, 1.0)
    return np.array([(left + right) / 2, (top + bottom) / 2]), side


def _surroundings(
    frame: NDArray[np.uint8], centre: NDArray[np.float64], side: float, scale: float
) -> tuple[NDArray[np.uint8], tuple[int, int], tuple[float, float]]:
    """What of the frame a turned square can touch, reduced by area.

    Returns the pixels, their corner in the frame and the exact scales along x and y.
    """
    reach = side * math.sqrt(0.5) + 3 / scale  # half the diagonal, and what cubic weights read
    height, width = frame.shape[:2]
    left, right = _span(centre[0], reach, width)
    top, bottom = _span(centre[1], reach, height)
    seen = frame[top:bottom, left:right]
    if scale == 1.0:
        return np.ascontiguousarray(seen), (left, top), (1.0, 1.0)
    size = (max(round((right - left) * scale), 1), max(round((bottom - top) * scale), 1))
    return resized(seen, *size), (left, top), (size[0] / (right - left), size[1] / (bottom - top))


def _span(middle: float, reach: float, end: int) -> tuple[int, int]:
    start = min(max(math.floor(middle - reach), 0), end - 1)
    return start, max(min(math.ceil(middle + reach), end), start + 1)
