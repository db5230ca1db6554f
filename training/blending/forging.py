"""Forges a face by blending it into its own picture: self-blended images.

After Shiohara & Yamasaki, "Detecting Deepfakes with Self-Blended Images", CVPR 2022: what
swaps, reenactments and retouching have in common is a seam and two sides that do not
quite match. Pictures are H W 3, uint8, RGB; masks H W, float32, 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from moderation.tracks import Landmarks

Pixels = NDArray[np.uint8]
Mask = NDArray[np.float32]
Points = NDArray[np.float64]

# A frontal face in units of half the distance of the eyes, from the point between them, y
# down. Drawn by us after the usual proportions, so that no data set's faces are in it.
FACE_POINTS: Points = np.array([(-1, 0), (1, 0), (0, 1.15), (-0.83, 2.3), (0.83, 2.3)], float)
_HALF_HULL = [(0.5, -0.85), (1.3, -0.85), (2.0, -0.4), (2.2, 0.3), (2.15, 1.0), (2.0, 1.8)]
_HALF_HULL += [(1.65, 2.6), (1.15, 3.3), (0.55, 3.7)]
_HALF_INNER = [(1.7, -0.5), (1.75, 0.4), (1.3, 1.6), (1.3, 2.4), (0.6, 2.8)]
_HALF_LOWER = [(0.6, 1.2), (1.3, 1.4), (1.85, 1.8), (1.65, 2.6), (1.15, 3.3), (0.55, 3.7)]
_HALF_MOUTH = [(0.6, 1.75), (1.2, 2.1), (1.2, 2.5), (0.6, 2.95)]
_HALF_EYES = [(0.4, -0.7), (1.6, -0.7), (1.8, 0.0), (1.5, 0.5), (0.4, 0.5)]
_HALF_NOSE = [(0.15, 0.0), (0.35, 0.6), (0.65, 1.1), (0.6, 1.5), (0.2, 1.6)]
_ONE_EYE = [(0.35, -0.6), (1.6, -0.6), (1.8, 0.0), (1.5, 0.45), (0.4, 0.45)]


def _whole(half: list[tuple[float, float]]) -> Points:
    return np.array(half + [(-x, y) for x, y in reversed(half)], float)


# Swaps replace the whole or the inner face, reenactment and lip-sync the lower part,
# retouchers single features.
REGIONS: dict[str, Points] = {
    "hull": _whole(_HALF_HULL),
    "inner": _whole(_HALF_INNER),
    "lower": _whole(_HALF_LOWER),
    "mouth": _whole(_HALF_MOUTH),
    "eyes": _whole(_HALF_EYES),
    "nose": _whole(_HALF_NOSE),
    "eye": np.array(_ONE_EYE, float),
}
_REGION_CHANCES = (0.53, 0.17, 0.12, 0.08, 0.05, 0.03, 0.02)
# Another person's whole face as often as single features of it.
_DONATED_CHANCES = (0.3, 0.2, 0.05, 0.15, 0.1, 0.1, 0.1)
_SEAMLESS_CHANCE = 0.3  # of a donated one to be fitted by its gradients, as image editors do

# The share of the source in the blend; mostly all of it, see section 3.2 of the paper.
_RATIOS = (0.25, 0.5, 0.75, 1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgery:
    """The picture (H W 3), and the mask (H W, 0 to 1) of what was pasted, however faintly."""

    pixels: Pixels
    mask: Mask


def affine_between(points: Points, onto: Points) -> NDArray[np.float64]:
    """The affine map (2 3) that brings points (N 2) closest to others (N 2), least squares."""
    with_ones = np.hstack([points, np.ones((len(points), 1))])
    solution, *_ = np.linalg.lstsq(with_ones, onto, rcond=None)
    return np.asarray(solution.T)


def face_shape(landmarks: Landmarks) -> Points:
    """Landmarks (5 2) without their place and size: alike for faces that look the same way."""
    points = np.array(landmarks) - np.mean(landmarks, axis=0)
    return np.asarray(points / np.sqrt((points**2).sum(axis=1).mean()))


def outline(landmarks: Landmarks, region: str) -> Points:
    """The outline (N 2) of a region of the face that has these five landmarks."""
    to_face = affine_between(FACE_POINTS, np.array(landmarks))
    shape = REGIONS[region]
    return np.asarray(shape @ to_face[:, :2].T + to_face[:, 2])


def region_mask(shape: tuple[int, int], outlined: Points) -> Mask:
    """1 inside of the outline's convex hull, 0 outside; `shape` is height, width."""
    mask = np.zeros(shape, np.float32)
    hull = cv2.convexHull(outlined.astype(np.float32)).round().astype(np.int32)
    cv2.fillConvexPoly(mask, hull, 1.0)
    return mask


def deform(mask: Mask, face_side: float, rng: np.random.Generator) -> Mask:
    """Bend the mask's edge smoothly, by up to about a twentieth of the face (pixels)."""
    height, width = mask.shape
    cells = int(rng.integers(3, 8))
    bend = rng.normal(0, rng.uniform(0.01, 0.05) * face_side, (cells, cells, 2))
    bend = cv2.resize(bend.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height))
    return np.asarray(
        cv2.remap(
            mask, columns + bend[..., 0], rows.astype(np.float32) + bend[..., 1], cv2.INTER_LINEAR
        ),
        np.float32,
    )


def soften(mask: Mask, face_side: float, rng: np.random.Generator) -> Mask:
    """Grow or shrink the mask and blur its edge: hard seams as well as wide ones."""
    reach = round(rng.uniform(-0.06, 0.05) * face_side)
    if reach:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(reach) + 1,) * 2)
        mask = np.asarray(cv2.dilate(mask, kernel) if reach > 0 else cv2.erode(mask, kernel))
    sigma = face_side * float(np.exp(rng.uniform(np.log(0.004), np.log(0.1))))
    return np.asarray(np.clip(cv2.GaussianBlur(mask, (0, 0), sigma), 0, 1), np.float32)


def shake(
    pixels: Pixels, mask: Mask, face_side: float, rng: np.random.Generator
) -> tuple[Pixels, Mask]:
    """Move picture and mask a little, as a pasted face never sits quite right."""
    height, width = mask.shape
    turn = cv2.getRotationMatrix2D(
        (width / 2, height / 2), rng.uniform(-2.5, 2.5), rng.uniform(0.95, 1.05)
    )
    turn[:, 2] += rng.uniform(-0.03, 0.03, 2) * face_side
    size = (width, height)
    moved = cv2.warpAffine(
        pixels, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(moved, np.uint8), np.asarray(cv2.warpAffine(mask, turn, size), np.float32)


def blend(source: Pixels, target: Pixels, mask: Mask) -> Pixels:
    """The source where the mask is 1, the target where it is 0."""
    share = mask[..., None]
    mixed = source * share + target * (1 - share)
    return np.asarray(np.clip(mixed + 0.5, 0, 255), np.uint8)


def seamless(source: Pixels, target: Pixels, mask: Mask) -> Pixels:
    """Fit the source's gradients into the target where the mask is over a half.

    Poisson image editing (Pérez, Gangnet and Blake, 2003), by OpenCV. The mask's edge must
    lie inside of the picture: what touches a border is blended as it is.
    """
    inside = (mask > 0.5).astype(np.uint8)
    inside[[0, 1, -1, -2]] = 0
    inside[:, [0, 1, -1, -2]] = 0
    left, top, width, height = cv2.boundingRect(inside)
    if width < 3 or height < 3:
        return blend(source, target, mask)
    centre = (left + width // 2, top + height // 2)
    fitted = cv2.seamlessClone(source, target, 255 * inside, centre, cv2.NORMAL_CLONE)
    return np.where(mask[..., None] > 0, np.asarray(fitted, np.uint8), target)


def forge(
    source: Pixels,
    target: Pixels,
    landmarks: Landmarks,
    rng: np.random.Generator,
    *,
    donated: bool = False,
) -> Forgery:
    """Blend a part of the source's face into the target; both show it at `landmarks`.

    The two differ only by how they were altered before (self-blending), or, `donated`,
    show two people.
    """
    face_side = 4.4 * _unit(landmarks)
    region = rng.choice(list(REGIONS), p=_DONATED_CHANCES if donated else _REGION_CHANCES)
    mask = region_mask(target.shape[:2], outline(landmarks, region))
    mask = deform(mask, face_side, rng)
    source, mask = shake(source, mask, face_side, rng)
    mask = soften(mask, face_side, rng)
    if donated and rng.random() < _SEAMLESS_CHANCE:
        return Forgery(pixels=seamless(source, target, mask), mask=mask)
    share = (mask * rng.choice(_RATIOS)).astype(np.float32)
    return Forgery(pixels=blend(source, target, share), mask=mask)


def put_on(
    donor: Pixels, donor_landmarks: Landmarks, target: Pixels, landmarks: Landmarks
) -> Pixels:
    """Another person's face, moved to where the target's is and given its mean colours."""
    onto = affine_between(np.array(donor_landmarks), np.array(landmarks))
    height, width = target.shape[:2]
    warped = cv2.warpAffine(
        donor, onto, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    inside = region_mask((height, width), outline(landmarks, "inner")) > 0
    if not inside.any():
        return np.asarray(warped, np.uint8)
    theirs, ours = warped[inside].astype(float), target[inside].astype(float)
    gain = (ours.std(0) + 1) / (theirs.std(0) + 1)
    matched = (warped - theirs.mean(0)) * gain + ours.mean(0)
    return np.asarray(np.clip(matched, 0, 255), np.uint8)


def _unit(landmarks: Landmarks) -> float:
    """Half the distance of the eyes as seen from the front, in pixels; at least 1.

    From the whole fit: in profile the eyes themselves fall on one another.
    """
    to_face = affine_between(FACE_POINTS, np.array(landmarks))[:, :2]
    return max(float(np.linalg.norm(to_face, 2)), 1.0)
