"""What a model says of crops, and how the crops of a track become one probability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import fmean

from moderation.tracks import Crop


@dataclass(frozen=True, slots=True, kw_only=True)
class CropScore:
    """A model's answer for one crop.

    `logit` is the model's own, not calibrated; above 0 leans to fake.
    `embedding_distance` is how far the crop lies from what the model was trained
    on, 1 being the training data's own 99th percentile; None when unknown.
    """

    crop: Crop
    logit: float
    embedding_distance: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibratedScore:
    """A crop's score once its logit has become a probability."""

    crop: Crop
    fake_probability: float
    embedding_distance: float | None = None


def pool(fake_probabilities: Sequence[float], *, strongest_share: float) -> float:
    """Reduce the probabilities of all crops of a track to one.

    A forged face may be on screen for a part of the clip only, so the mean over
    all crops would hide it; the maximum would let one bad crop decide.
    """
    count = max(1, ceil(len(fake_probabilities) * strongest_share))
    return fmean(sorted(fake_probabilities, reverse=True)[:count])
