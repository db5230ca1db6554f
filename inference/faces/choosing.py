"""Which crops of a track are kept: bursts of close ones and the best, spread over its time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from inference.reading.bursts import BURST, ONE_BURST_IN, runs
from moderation.tracks import CropQuality, Face

_Kept = TypeVar("_Kept")


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
    """Keep some bursts, and else the best of each stretch of time; in order of time.

    As many stretches as moments may be kept, equally long: the best alone would all come
    from one good moment, and a forgery may be in another.
    """
    ordered = sorted(sightings, key=lambda sighting: sighting.at_seconds)
    if len(ordered) <= at_most:
        return ordered
    whole = [burst for burst in bursts(ordered) if len(burst) == BURST]
    kept = _spread(whole, _worst_of, places=at_most // ONE_BURST_IN)
    chosen = [sighting for burst in kept for sighting in burst]
    others = [sighting for sighting in ordered if not any(sighting is one for one in chosen)]
    singles = _spread(
        others, _merit_of, places=at_most - len(chosen), beside=[burst[0] for burst in kept]
    )
    return sorted([*chosen, *singles], key=lambda sighting: sighting.at_seconds)


def bursts(ordered: Sequence[Sighting]) -> list[list[Sighting]]:
    """Cut sightings in the order of time into bursts, and into single ones."""
    cut = runs([sighting.at_seconds for sighting in ordered])
    return [[ordered[place] for place in run] for run in cut]


def _spread(
    candidates: Sequence[_Kept],
    worth: Callable[[_Kept], tuple[float, float]],
    *,
    places: int,
    beside: Sequence[Sighting] = (),
) -> list[_Kept]:
    """The best of each stretch of time in which nothing is kept yet, then the best of the rest.

    `worth` says when a candidate was seen and how much it tells.
    """
    if not candidates or places <= 0:
        return []
    stretches = places + len(beside)
    times = [worth(candidate)[0] for candidate in candidates]
    times += [sighting.at_seconds for sighting in beside]
    start, length = min(times), max(times) - min(times)

    def stretch(at_seconds: float) -> int:
        share = (at_seconds - start) / length if length > 0 else 0.0
        return min(int(share * stretches), stretches - 1)

    taken = {stretch(sighting.at_seconds) for sighting in beside}
    chosen: list[_Kept] = []
    rest: list[_Kept] = []
    for candidate in sorted(candidates, key=lambda candidate: worth(candidate)[1], reverse=True):
        place = stretch(worth(candidate)[0])
        free = place not in taken and len(chosen) < places
        (chosen if free else rest).append(candidate)
        taken.add(place)
    return [*chosen, *rest[: places - len(chosen)]]


def _merit_of(sighting: Sighting) -> tuple[float, float]:
    return sighting.at_seconds, merit(sighting.quality)


def _worst_of(burst: Sequence[Sighting]) -> tuple[float, float]:
    """A burst tells as much as the worst of its crops: each is compared with the others."""
    return burst[0].at_seconds, min(merit(sighting.quality) for sighting in burst)
