"""Where labels change: fixed, or as high as a bundle's evidence asks for a promise."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from moderation.fusion import flag_from
from moderation.verdict import Label

_FAKE = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutoffs:
    """Thresholds as they hold with one bundle; `fake` is infinite where nothing may be flagged."""

    suspect: float
    fake: float
    margin: float
    abstain: float

    def label(self, fake_probability: float) -> Label:
        if abs(fake_probability - self.suspect) < self.abstain:
            return Label.UNKNOWN
        if fake_probability >= self.fake:
            return Label.FAKE
        if fake_probability >= self.suspect:
            return Label.SUSPECT
        return Label.CLEAR

    def is_near(self, fake_probability: float) -> bool:
        nearest = min(abs(fake_probability - self.suspect), abs(fake_probability - self.fake))
        return nearest < self.margin


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What an operator asks of the labels.

    At or above `suspect` (then `fake`) the label is that. Closer than `abstain` to
    `suspect` it is unknown; 0 switches that off. Closer than `margin` to either it is
    marked near. `false_flags`, in place of `fake`, is the largest share of genuine
    uploads, among those not abstained from, that may be called fake: how high `fake`
    must be for that follows from the bundle. `fake` is 0.8 where neither is given.

    Raises:
        ValueError: not 0 < suspect <= fake <= 1, both `fake` and `false_flags`, or
            `abstain` leaves nothing clear or reaches beyond `fake`.
    """

    suspect: float = 0.5
    fake: float | None = None
    false_flags: float | None = None
    margin: float = 0.03
    abstain: float = 0.0

    def __post_init__(self) -> None:
        if self.fake is not None and self.false_flags is not None:
            raise ValueError("thresholds take fake or false_flags, not both")
        if self.false_flags is not None and not 0.0 < self.false_flags < 1.0:
            raise ValueError("false_flags must lie between 0 and 1")
        if not 0.0 < self.suspect <= self._latest_fake <= 1.0:
            raise ValueError("thresholds must satisfy 0 < suspect <= fake <= 1")
        if self.margin < 0.0 or self.abstain < 0.0:
            raise ValueError("margin and abstain must not be negative")
        if self.abstain >= self.suspect or self.suspect + self.abstain > self._latest_fake:
            raise ValueError("abstain must be under suspect, and suspect + abstain at most fake")

    def cutoffs(self, unforged: Sequence[float]) -> Cutoffs:
        """Settle `fake` for a bundle; `unforged` (sorted) is `moderation.fusion.Fusion.unforged`.

        To flag later than asked breaks no promise, so `fake` never comes before `suspect`.
        """
        fake = self._latest_fake
        if self.false_flags is not None:
            fake = max(flag_from(self.evidence(unforged), self.false_flags), self.suspect)
        return Cutoffs(suspect=self.suspect, fake=fake, margin=self.margin, abstain=self.abstain)

    def evidence(self, unforged: Sequence[float]) -> Sequence[float]:
        """Those not abstained from near `suspect`: the promise is about these alone.

        Asked for every track, so it looks for the two ends of what is left out.
        """
        if not self.abstain:
            return unforged
        first = bisect_left(unforged, True, key=lambda one: self.suspect - one < self.abstain)
        after = bisect_left(unforged, True, key=lambda one: one - self.suspect >= self.abstain)
        return (*unforged[:first], *unforged[after:])

    @property
    def _latest_fake(self) -> float:
        """`fake`, or the highest that it may turn out to be."""
        if self.false_flags is not None:
            return 1.0
        return _FAKE if self.fake is None else self.fake
