"""What pictures look like, and when two of them look alike.

A look is a PDQ hash (Facebook, 2019: "The TMK+PDQF Video-Hashing Algorithm and the PDQ
Image-Hashing Algorithm") and its quality. The two thresholds are those with which the
README of PDQ in facebook/ThreatExchange recommends to begin.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

BITS = 256
LARGEST_DISTANCE = 31
LEAST_QUALITY = 50

# Of one upload: a picture has one, a video those of its first shots that differ.
MOST_LOOKS = 8

_PDQ = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a frame looks: `pdq` is 256 bits as 64 hexadecimal digits, `quality` 0 to 100.

    Quality says how much there is to see; plain pictures look alike by chance.

    Raises:
        ValueError: the hash or the quality is none, or the moment lies before the beginning.
    """

    pdq: str
    quality: int
    at_seconds: float = 0.0

    def __post_init__(self) -> None:
        if not _PDQ.fullmatch(self.pdq):
            raise ValueError("pdq must have 64 hexadecimal digits, in lower case")
        if not 0 <= self.quality <= 100:
            raise ValueError("quality must lie in [0, 100]")
        if not self.at_seconds >= 0.0:
            raise ValueError("at_seconds must not be negative")

    @property
    def comparable(self) -> bool:
        """Whether there is enough to see that it may look like another."""
        return self.quality >= LEAST_QUALITY

    def distance(self, other: Look) -> int:
        """How many of the 256 bits differ."""
        return (int(self.pdq, 16) ^ int(other.pdq, 16)).bit_count()

    def is_like(self, other: Look) -> bool:
        return self.comparable and other.comparable and self.distance(other) <= LARGEST_DISTANCE


def unlike(look: Look, others: Iterable[Look]) -> bool:
    return not any(look.is_like(other) for other in others)
