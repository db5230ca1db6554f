"""Which crops of a track are kept: the best, spread over the time it was seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moderation.tracks import CropQuality, Face


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sighting:
    """One face in one frame, with its crop (224 224 3, uint8, RGB)."""

    at_seconds: float
    face: Face
    pixels: NDArray[np.uint8]
    quality: CropQuality


def merit(quality: CropQuality) -> float:
    """How much a crop can tell, 0 to 1: a product, so that one failing is enough to lose.

    Size counts up to the 172 pixels that fill a crop of 224 with its margin, sharpness
    up to 100, well above the 20 under which a crop is blurred.
    """
    size = min(quality.face_pixels / 172, 1.0)
    sharpness = min(math.sqrt(quality.sharpness / 100), 1.0)
    return size * sharpness * (0.3 + 0.7 * quality.frontality) * quality.detector_score


def choose(sightings: Sequence[Sighting], *, at_most: int) -> list[Sighting]:
    """Keep the best of each stretch of time, then the best of the rest; in order of time.

    As many stretches as may be kept, equally long: the best alone would all come
    from one good moment, and a forgery may be in another.
    """
    if len(sightings) <= at_most:
        return sorted(sightings, key=lambda sighting: sighting.at_seconds)
    start = min(sighting.at_seconds for sighting in sightings)
    length = max(sighting.at_seconds for sighting in sightings) - start
    best_first = sorted(sightings, key=lambda sighting: merit(sighting.quality), reverse=True)
    taken: set[int] = set()
    chosen: list[Sighting] = []
    rest: list[Sighting] = []
    for sighting in best_first:
        share = (sighting.at_seconds - start) / length if length > 0 else 0.0
        stretch = min(int(share * at_most), at_most - 1)
        (rest if stretch in taken else chosen).append(sighting)
        taken.add(stretch)
    chosen += rest[: at_most - len(chosen)]
    return sorted(chosen, key=lambda sighting: sighting.at_seconds)
