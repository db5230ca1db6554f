"""From the logits of several detectors to one calibrated probability, and to a threshold.

Detectors that look for the same kind of forgery form a family, and add up as evidence in
a logistic regression. Families are alternatives: a face is forged when it is manipulated
*or* generated, so it is their odds that are averaged, and one that is sure is not voted down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, floor, inf, log, nextafter

# Weights, biases and the temperature of a calibration; fitted ones are between 0.01 and 100.
# Products of much larger ones are infinite, and their differences no numbers at all.
LARGEST = 1e6
_LARGEST_LOGIT = 1e9  # what a detector says beyond it is taken for that


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Detectors that find one kind of forgery, by name, and what their logits weigh.

    Raises:
        ValueError: there is none, a number is beyond `LARGEST`, or a weight is negative: a
            detector that says "forged" never speaks for the face.
    """

    finds: str
    weights: Mapping[str, float]
    bias: float = 0.0

    def __post_init__(self) -> None:
        if not self.weights:
            raise ValueError(f"family {self.finds} has no detector")
        if not all(0.0 <= weight <= LARGEST for weight in self.weights.values()):
            raise ValueError(f"family {self.finds}: weights must lie in [0, {LARGEST:g}]")
        if not abs(self.bias) <= LARGEST:
            raise ValueError(f"family {self.finds}: the bias must be at most {LARGEST:g}")

    def log_odds(self, logits: Mapping[str, float]) -> float:
        """Weigh what is there; a detector that did not answer adds nothing."""
        weighed = (w * _bounded(logits.get(name, 0.0)) for name, w in self.weights.items())
        return self.bias + sum(weighed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fusion:
    """How a bundle's logits become one probability. `id` changes with the numbers.

    `unforged` are the fake probabilities, sorted, of genuine uploads that nothing was
    fitted on and that were not abstained from: the evidence behind `threshold`. Where they
    are shortened they must be rounded up, or uploads as suspicious as they are flagged.

    Raises:
        ValueError: it makes no sense.
    """

    id: str
    families: tuple[Family, ...]
    temperature: float = 1.0
    bias: float = 0.0
    unforged: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not self.families:
            raise ValueError(f"fusion {self.id} has no family")
        if len({family.finds for family in self.families}) < len(self.families):
            raise ValueError(f"fusion {self.id}: two families find the same")
        if not 1 / LARGEST <= self.temperature <= LARGEST:
            raise ValueError(
                f"fusion {self.id}: temperature must lie in [{1 / LARGEST:g}, {LARGEST:g}]"
            )
        if not abs(self.bias) <= LARGEST:
            raise ValueError(f"fusion {self.id}: the bias must be at most {LARGEST:g}")
        if list(self.unforged) != sorted(self.unforged):
            raise ValueError(f"fusion {self.id}: unforged must be sorted")
        if not all(0.0 <= probability <= 1.0 for probability in self.unforged):
            raise ValueError(f"fusion {self.id}: unforged must lie in [0, 1]")

    def log_odds(self, logits: Mapping[str, float]) -> float:
        """The mean of the families' odds, as its logarithm."""
        each = [family.log_odds(logits) for family in self.families]
        largest = max(each)  # taken out first, so that exp never overflows
        return largest + log(sum(exp(one - largest) for one in each) / len(each))

    def probability(self, logits: Mapping[str, float]) -> float:
        """The chance that a face with these logits, by detector, is forged: 0 to 1."""
        return self._calibrated(self.log_odds(logits))

    def family_probabilities(self, logits: Mapping[str, float]) -> dict[str, float]:
        """The same by each family alone; `probability` lies between the least and the largest."""
        return {family.finds: self._calibrated(family.log_odds(logits)) for family in self.families}

    def disagreement(
        self, crop_logits: Mapping[str, float], track_logits: Mapping[str, float]
    ) -> float:
        """How far apart, as probabilities, the detectors of one family are at most: 0 to 1.

        A detector's own log-odds are its weighed logit. The family's bias says where the
        logits of detectors over crops have their middle, so they share it by weight; one
        over tracks has it at 0.
        """
        return max(self._spread(family, crop_logits, track_logits) for family in self.families)

    def _spread(
        self, family: Family, crop_logits: Mapping[str, float], track_logits: Mapping[str, float]
    ) -> float:
        over_crops = {n: w for n, w in family.weights.items() if w > 0 and n in crop_logits}
        over_tracks = {n: w for n, w in family.weights.items() if w > 0 and n in track_logits}
        middle = (self.bias - family.bias) / (sum(over_crops.values()) or 1.0)
        own = [w * (_bounded(crop_logits[name]) - middle) for name, w in over_crops.items()]
        own += [w * _bounded(track_logits[name]) for name, w in over_tracks.items()]
        chances = [sigmoid(log_odds / self.temperature) for log_odds in own]
        return max(chances, default=0.0) - min(chances, default=0.0)

    def threshold(self, false_flags: float) -> float:
        """The probability at or above which to flag; see `flag_from`."""
        return flag_from(self.unforged, false_flags)

    def _calibrated(self, log_odds: float) -> float:
        return sigmoid((log_odds - self.bias) / self.temperature)


def flag_from(unforged: Sequence[float], false_flags: float) -> float:
    """Choose the smallest threshold that wrongly flags at most this share of genuine uploads.

    `unforged` are probabilities that genuine uploads got, sorted.
    Conformal risk control (Angelopoulos, Bates, Fisch, Lei and Schuster, "Conformal Risk
    Control", 2022, equation 4, for a loss of at most 1): the smallest t with
    (#{unforged >= t} + 1) / (n + 1) <= false_flags. Then the chance that a genuine upload,
    exchangeable with these n and like them not abstained from, is flagged is at most
    `false_flags`, whatever the detectors are worth. Where n is too small (under
    1 / false_flags - 1) the answer is infinity: nothing may be flagged.

    Raises:
        ValueError: `false_flags` does not lie in (0, 1].
    """
    if not 0.0 < false_flags <= 1.0:
        raise ValueError("false_flags must lie in (0, 1]")
    count = len(unforged)
    # 0.29 * 100 is a little under 29: a share that is met exactly must not be lost to rounding
    allowed = floor(false_flags * (count + 1) + 1e-9) - 1
    if allowed < 0:
        return inf
    if allowed >= count:
        return 0.0
    # at the (allowed + 1)-th largest too many would be flagged, just above it no longer
    return nextafter(unforged[-1 - allowed], inf)


def evidence_needed(false_flags: float) -> int:
    """How many genuine uploads `flag_from` needs before it flags any."""
    return floor(1.0 / false_flags - 1e-9)


def _bounded(logit: float) -> float:
    return max(min(logit, _LARGEST_LOGIT), -_LARGEST_LOGIT)


def sigmoid(log_odds: float) -> float:
    if log_odds >= 0.0:
        return 1.0 / (1.0 + exp(-log_odds))
    odds = exp(log_odds)  # of a negative number: never overflows
    return odds / (1.0 + odds)
