"""Faces in frames, one person's face through frames, and the aligned crops kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]
Box: TypeAlias = tuple[float, float, float, float]
Landmarks: TypeAlias = tuple[Point, Point, Point, Point, Point]


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """One face in one frame.

    Coordinates are pixels of the frame as shown, x to the right, y down.
    `landmarks` are the eyes, the nose tip and the corners of the mouth, each
    pair in the order in which a viewer sees them, left to right.
    """

    box_xyxy: Box
    landmarks: Landmarks
    detector_score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CropQuality:
    """How much a crop can say.

    `face_pixels`: shorter side of the face's box in the frame, in pixels.
    `sharpness`: variance of the Laplacian of the crop's grey values (0 to 255),
        at the crop's own size; under about 20 is blurred.
    `frontality`: 1 seen from the front, 0 in profile.
    `detector_score`: the face detector's confidence, 0 to 1.
    """

    face_pixels: float
    sharpness: float
    frontality: float
    detector_score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """One aligned face in the face pack; `crop_id` is its place there, from 0."""

    crop_id: int
    track_id: int
    at_seconds: float
    box_xyxy: Box
    quality: CropQuality


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One person's face through the sampled frames; `frames_seen` counts them."""

    track_id: int
    first_seconds: float
    last_seconds: float
    frames_seen: int
