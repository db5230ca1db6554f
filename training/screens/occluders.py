"""Covers faces: masks, sunglasses, hands, objects and text, drawn by us over real pictures.

Pictures are H W 3, uint8, RGB; landmarks are in their pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from moderation.tracks import Landmarks
from training.blending.forging import (
    FACE_POINTS,
    Mask,
    Pixels,
    Points,
    affine_between,
    outline,
    region_mask,
)

# Outlines in the units of `training.blending.forging.FACE_POINTS`: half the distance of the eyes,
# from the point between them, y down.
_MEDICAL_MASK = [(-1.75, 0.7), (0, 0.35), (1.75, 0.7), (1.7, 2.3), (0.9, 3.5), (-0.9, 3.5)]
_MEDICAL_MASK += [(-1.7, 2.3)]
_LENS = [(0.25, -0.5), (1.75, -0.55), (1.8, 0.2), (1.3, 0.65), (0.6, 0.6), (0.25, 0.1)]

COVERED = 0.3  # share of the inner face from which on it counts as occluded


def cover(
    pixels: Pixels, landmarks: Landmarks, kind: str, donor: Pixels, rng: np.random.Generator
) -> tuple[Pixels, float]:
    """Cover a face; returns the picture and the covered share of the inner face (0 to 1).

    `donor` is any other picture: hands and objects take their texture from it.
    """
    mask = OCCLUDERS[kind](pixels, landmarks, rng)
    mask = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.5, 1.5))
    texture = _texture(pixels, donor, rng)
    mixed = texture * mask[..., None] + pixels * (1 - mask[..., None])
    inner = region_mask(pixels.shape[:2], outline(landmarks, "inner"))
    share = float((mask * inner).sum() / max(inner.sum(), 1.0))
    return np.asarray(np.clip(mixed + 0.5, 0, 255), np.uint8), share


def _texture(pixels: Pixels, donor: Pixels, rng: np.random.Generator) -> Pixels:
    """One colour with folds and noise, or what lies beside the face in another picture."""
    height, width = pixels.shape[:2]
    if rng.random() < 0.4:
        corner = donor[: max(donor.shape[0] // 5, 2), : max(donor.shape[1] // 5, 2)]
        return np.asarray(cv2.resize(corner, (width, height), interpolation=cv2.INTER_CUBIC))
    colour = rng.uniform(0, 255, 3) if rng.random() < 0.5 else np.full(3, rng.uniform(0, 255))
    folds = rng.normal(0, rng.uniform(0, 25), (int(rng.integers(2, 9)), int(rng.integers(2, 9)), 1))
    folds = cv2.resize(folds.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    grain = rng.normal(0, rng.uniform(0.5, 5), (height, width, 3))
    return np.asarray(np.clip(colour + folds[..., None] + grain, 0, 255), np.uint8)


def _on_face(points: Points, landmarks: Landmarks) -> Points:
    to_picture = affine_between(FACE_POINTS, np.array(landmarks))
    return np.asarray(points @ to_picture[:, :2].T + to_picture[:, 2])


def _shaken(points: list[tuple[float, float]], rng: np.random.Generator) -> Points:
    return np.array(points) + rng.normal(0, 0.1, (len(points), 2))


def _medical_mask(pixels: Pixels, landmarks: Landmarks, rng: np.random.Generator) -> Mask:
    return region_mask(pixels.shape[:2], _on_face(_shaken(_MEDICAL_MASK, rng), landmarks))


def _sunglasses(pixels: Pixels, landmarks: Landmarks, rng: np.random.Generator) -> Mask:
    lens = _shaken(_LENS, rng) * rng.uniform(1.0, 1.3)
    mirrored = lens * (-1, 1)
    lenses = [region_mask(pixels.shape[:2], _on_face(one, landmarks)) for one in (lens, mirrored)]
    bridge = region_mask(
        pixels.shape[:2],
        _on_face(np.array([(-0.4, -0.3), (0.4, -0.3), (0.4, 0), (-0.4, 0)]), landmarks),
    )
    return np.asarray(np.maximum.reduce([*lenses, bridge]))


def _hand(pixels: Pixels, landmarks: Landmarks, rng: np.random.Generator) -> Mask:
    """Some thick strokes side by side, from outside of the face to its middle."""
    mask = np.zeros(pixels.shape[:2], np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    away, across = (
        np.array([np.cos(angle), np.sin(angle)]),
        np.array([-np.sin(angle), np.cos(angle)]),
    )
    middle = np.array([0, 1.2]) + rng.normal(0, 0.5, 2)
    unit = float(np.linalg.norm(np.subtract(*_on_face(np.array([(0, 0), (1, 0.0)]), landmarks))))
    for finger in range(int(rng.integers(2, 5))):
        start = middle + across * (finger - 1.5) * 0.62 + away * rng.uniform(-0.6, 0.3)
        ends = _on_face(np.array([start, start + away * 5]), landmarks).round().astype(int)
        cv2.line(mask, ends[0].tolist(), ends[1].tolist(), 1.0, max(int(0.62 * unit), 2))
    return mask


def _object(pixels: Pixels, landmarks: Landmarks, rng: np.random.Generator) -> Mask:
    """A turned rectangle or an ellipse somewhere on the face: a phone, a cup, a sticker."""
    mask = np.zeros(pixels.shape[:2], np.float32)
    centre = _on_face(np.array([[0, 1.1]]) + rng.normal(0, 0.9, (1, 2)), landmarks)[0]
    unit = float(np.linalg.norm(np.subtract(*_on_face(np.array([(0, 0), (1, 0.0)]), landmarks))))
    size = rng.uniform(1.2, 4.0, 2) * unit
    turn = rng.uniform(0, 180)
    if rng.random() < 0.5:
        box = cv2.boxPoints((centre.tolist(), size.tolist(), turn))
        cv2.fillConvexPoly(mask, box.round().astype(np.int32), 1.0)
        return mask
    cv2.ellipse(
        mask,
        centre.round().astype(int).tolist(),
        (size / 2).astype(int).tolist(),
        turn,
        0,
        360,
        1.0,
        -1,
    )
    return mask


def _text(pixels: Pixels, landmarks: Landmarks, rng: np.random.Generator) -> Mask:
    """Lines of thick letters across the face, as memes and watermarks have."""
    mask = np.zeros(pixels.shape[:2], np.uint8)
    letters = "".join(rng.choice(list("ABCDEFGHKLMNOPRSTUVWXYZ0123456789"), 14))
    side = float(np.ptp(np.array(landmarks)[:, 1])) + 1
    scale, thick = side / 40 * rng.uniform(0.8, 1.6), max(int(side / 9 * rng.uniform(0.8, 1.6)), 2)
    left, top = np.array(landmarks).min(0) - side / 2
    for line in range(int(rng.integers(2, 5))):
        place = (int(left - rng.uniform(0, side)), int(top + (line + 1) * side * 0.55))
        cv2.putText(mask, letters, place, cv2.FONT_HERSHEY_DUPLEX, scale, 1, thick)
    return mask.astype(np.float32)


OCCLUDERS: Mapping[str, Callable[[Pixels, Landmarks, np.random.Generator], Mask]] = {
    "medical_mask": _medical_mask,
    "sunglasses": _sunglasses,
    "hand": _hand,
    "object": _object,
    "text": _text,
}
