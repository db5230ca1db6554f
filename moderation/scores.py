"""What detectors say of crops and tracks, and how a track's crops become one logit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from statistics import fmean

from moderation.tracks import Crop


@dataclass(frozen=True, slots=True, kw_only=True)
class CropScore:
    """What a bundle says of one crop.

    `logits`, by the name of the detector, are the detectors' own, not calibrated;
    above 0 leans to forged. `embedding_distance` is how far the crop lies from what
    the bundle was trained on, 1 being the training data's own 99th percentile; None
    when unknown. `screens`, by name, are the probabilities that the crop cannot be
    judged for that reason.
    """

    crop: Crop
    logits: Mapping[str, float]
    embedding_distance: float | None = None
    screens: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackScore:
    """What the detectors say that look at a whole track; such a logit is 0 without evidence."""

    track_id: int
    logits: Mapping[str, float]


def pool(logits: Sequence[float], *, strongest_share: float) -> float:
    """Reduce one detector's logits over the crops of a track to one.

    A forged face may be on screen for a part of the clip only, so the mean over
    all crops may hide it; the maximum would let one bad crop decide.
    """
    count = max(1, ceil(len(logits) * strongest_share))
    return fmean(sorted(logits, reverse=True)[:count])


def pool_detectors(scores: Sequence[CropScore], *, strongest_share: float) -> dict[str, float]:
    """Pool the crops of a track for each detector; it is one that answered for all of them."""
    names = [name for name in scores[0].logits if all(name in score.logits for score in scores)]
    return {
        name: pool([score.logits[name] for score in scores], strongest_share=strongest_share)
        for name in names
    }
