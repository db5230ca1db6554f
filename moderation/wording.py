"""Reasons as a moderator would say them, and probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal

from moderation.verdict import Reason

WORDS: Mapping[Reason, str] = {
    Reason.LOW_RESOLUTION: "the face is too small",
    Reason.BLURRED: "the face is blurred",
    Reason.TURNED_AWAY: "the face is turned away",
    Reason.DOUBTFUL_FACE: "what was found may be no face",
    Reason.FEW_FRAMES: "the face is not to be seen well for long enough",
    Reason.OUT_OF_DISTRIBUTION: "the face is unlike all that the detectors know",
    Reason.OCCLUDED: "something covers the face",
    Reason.NOT_PHOTOGRAPHED: "the face is drawn, painted, carved or a mask",
    Reason.RESCREENED: "it was filmed off a screen",
    Reason.MODELS_DISAGREE: "the detectors contradict each other",
    Reason.NEAR_THRESHOLD: "close to a threshold",
    Reason.DAMAGED_MEDIA: "a part of the file cannot be read",
    Reason.MATCHED: "the same or a similar upload was judged or listed before",
}


def in_words(reason: str) -> str:
    """What a reason of a verdict means; one of a later version stays as it is."""
    try:
        return WORDS[Reason(reason)]
    except ValueError:
        return reason.replace("_", " ")


def two_digits(probability: float) -> str:
    """A probability cut to hundredths: 0.598 is not shown as the 0.60 that it did not reach."""
    # As it is written: in binary, 0.29 * 100 is less than 29.
    return str(Decimal(str(probability)).quantize(Decimal("0.01"), ROUND_DOWN))
