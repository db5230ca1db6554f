"""What the detectors said of single crops, where it was recorded beside the face pack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from moderation.fusion import Fusion
from moderation.policy import Limits
from moderation.scores import CropScore
from moderation.track_judging import fault
from moderation.verdict import Reason, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The scores behind a verdict, and the fusion of the bundle that they are of."""

    scores: tuple[CropScore, ...]
    fusion: Fusion


class RecordedScores(Protocol):
    async def __call__(self, verdict: Verdict, /) -> Recorded | None:
        """None where they are not kept, or nobody knows their bundle any more.

        Raises: MediaStoreUnavailable.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CropSaid:
    """The probability that a crop alone would have; `fault` is why it was not judged."""

    track_id: int
    at_seconds: float
    fake_probability: float
    fault: Reason | None


async def nothing_recorded(_verdict: Verdict) -> Recorded | None:
    """Implements `RecordedScores` where no scores are kept."""
    return None


def said_of(recorded: Recorded | None, limits: Limits | None) -> Mapping[int, CropSaid]:
    """By crop, in the order of time. Without the `limits` that judged, no fault is known."""
    if recorded is None:
        return {}
    scores = [score for score in recorded.scores if score.logits]
    return {
        score.crop.crop_id: CropSaid(
            track_id=score.crop.track_id,
            at_seconds=score.crop.at_seconds,
            fake_probability=recorded.fusion.probability(score.logits),
            fault=fault(score, limits) if limits else None,
        )
        for score in sorted(scores, key=lambda score: score.crop.at_seconds)
    }
