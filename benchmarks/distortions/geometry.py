"""Distortions that move pixels: resolution, orientation, mirrors, crops."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from benchmarks.distortions.clip import Affine, Clip, Picture, Strength, scaling

SMALLEST_SIDE = 16  # pixels; under it no codec and no detector has anything to work on


def resolution(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """Fewer pixels: sides of 75, 50 or 25%."""
    return resized(clip, strength.pick(0.75, 0.5, 0.25))


def orientation(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """Turned by a quarter clockwise, a quarter back, or a half; no hint tells players."""
    return turned(clip, strength.pick(1, 3, 2))


def hinted_orientation(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """Stored turned, with the hint to turn it upright again, as phones hold their video."""
    turns = strength.pick(1, 3, 2)
    stored = turned(clip, turns)
    return replace(stored, quarter_turns=(clip.quarter_turns - turns) % 4)


def mirror(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """Left and right swapped, as selfie cameras store it; a mirror has one strength only."""
    _, width = clip.size
    where = np.array([[-1, 0, width], [0, 1, 0]], np.float64)
    return clip.moved(lambda frame: np.ascontiguousarray(frame[:, ::-1]), where)


def crop(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """A window of 85, 70 or 50% of the sides; it keeps the first face's landmarks if it can."""
    height, width = clip.size
    share = strength.pick(0.85, 0.7, 0.5)
    kept_height, kept_width = round(share * height), round(share * width)
    top_draw, left_draw = rng.random(2)
    (x_low, y_low), (x_high, y_high) = _to_keep(clip)
    left = _start(width, kept_width, x_low, x_high, left_draw)
    top = _start(height, kept_height, y_low, y_high, top_draw)
    rows, columns = slice(top, top + kept_height), slice(left, left + kept_width)
    where = np.array([[1, 0, -left], [0, 1, -top]], np.float64)
    return clip.moved(lambda frame: np.ascontiguousarray(frame[rows, columns]), where)


def shown(clip: Clip) -> Clip:
    """The clip as a player shows it that follows the hint."""
    return replace(turned(clip, clip.quarter_turns), quarter_turns=0)


def turned(clip: Clip, quarters: int) -> Clip:
    """Turned by so many quarters, clockwise as seen."""
    height, width = clip.size
    where: Affine = np.array(
        [
            [[1, 0, 0], [0, 1, 0]],
            [[0, -1, height], [1, 0, 0]],
            [[-1, 0, width], [0, -1, height]],
            [[0, 1, 0], [-1, 0, width]],
        ],
        np.float64,
    )[quarters % 4]
    return clip.moved(lambda frame: np.ascontiguousarray(np.rot90(frame, -quarters)), where)


def resized(clip: Clip, share: float) -> Clip:
    """Both sides multiplied; reduced by area, enlarged cubically, as editors do."""
    height, width = clip.size
    new_height = max(round(height * share), SMALLEST_SIDE)
    new_width = max(round(width * share), SMALLEST_SIDE)
    return resized_to(clip, new_height, new_width)


def resized_to(clip: Clip, height: int, width: int) -> Clip:
    old_height, old_width = clip.size
    smooth = cv2.INTER_AREA if height < old_height else cv2.INTER_CUBIC

    def change(frame: Picture) -> Picture:
        return np.asarray(cv2.resize(frame, (width, height), interpolation=smooth), np.uint8)

    return clip.moved(change, scaling(width / old_width, height / old_height))


def _to_keep(clip: Clip) -> tuple[tuple[float, float], tuple[float, float]]:
    """Corners of what must stay: all landmarks of the first faces, or the middle."""
    height, width = clip.size
    faces = [there[0] for there in clip.faces or () if there]
    points = [point for face in faces for point in face.landmarks] or [(width / 2, height / 2)]
    (x_low, y_low), (x_high, y_high) = np.min(points, axis=0), np.max(points, axis=0)
    return (float(x_low), float(y_low)), (float(x_high), float(y_high))


def _start(whole: int, kept: int, low: float, high: float, draw: float) -> int:
    """Where a window of `kept` pixels starts so that it holds low to high, else their middle."""
    earliest, latest = high - kept, low
    wanted = earliest + draw * (latest - earliest) if earliest < latest else (low + high - kept) / 2
    return int(np.clip(round(wanted), 0, whole - kept))
