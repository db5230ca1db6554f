"""The clips that a figure rests on, as arrays; and the figures of any draw of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks import metrics
from benchmarks.bootstrap import Places
from benchmarks.results import Counts
from benchmarks.table import LOGIT, TRIVIAL, ScoreTable
from moderation.verdict import Label

FALSE_POSITIVES = 0.01
ABSTENTION = 0.2

_FLAGGED = (Label.FAKE.value, Label.SUSPECT.value)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """Labelled clips with a face; arrays are parallel (N).

    `probability`: of being forged, abstained from or not; `flagged`: the verdict says suspect or
    fake, or would if it did not abstain; `called_fake`: it says fake. `without_face`: how many
    more clips there were.
    """

    forged: NDArray[np.bool_]
    probability: NDArray[np.float64]
    flagged: NDArray[np.bool_]
    called_fake: NDArray[np.bool_]
    abstained: NDArray[np.bool_]
    groups: NDArray[np.str_]
    trivial: Mapping[str, NDArray[np.float64]]
    logits: Mapping[str, NDArray[np.float64]]
    threshold: float
    without_face: int = 0

    @classmethod
    def of(cls, table: ScoreTable) -> Sample:
        """All labelled clips of a table."""
        known = table.where(table.texts("label") != "")
        with_face = known.where(np.isfinite(known.numbers("fake_probability")))
        probability, abstained = with_face.numbers("fake_probability"), with_face.flags("abstained")
        labels = with_face.texts("label_given")
        told = np.isin(labels, _FLAGGED)
        return cls(
            forged=with_face.texts("label") == "fake",
            probability=probability,
            flagged=np.where(abstained, probability >= table.run.suspect, told),
            called_fake=labels == Label.FAKE.value,
            abstained=abstained,
            groups=with_face.texts("group"),
            trivial={n: with_face.numbers(TRIVIAL + n) for n in with_face.named(TRIVIAL)},
            logits={n: with_face.numbers(LOGIT + n) for n in with_face.named(LOGIT)},
            threshold=table.run.suspect,
            without_face=len(known) - len(with_face),
        )

    def __len__(self) -> int:
        return len(self.forged)

    def at(self, places: Sequence[int] | Places | NDArray[np.bool_]) -> Sample:
        """The clips of a mask, or at places, as often as they are named."""
        chosen = np.asarray(places)
        return Sample(
            forged=self.forged[chosen],
            probability=self.probability[chosen],
            flagged=self.flagged[chosen],
            called_fake=self.called_fake[chosen],
            abstained=self.abstained[chosen],
            groups=self.groups[chosen],
            trivial={name: scores[chosen] for name, scores in self.trivial.items()},
            logits={name: scores[chosen] for name, scores in self.logits.items()},
            threshold=self.threshold,
            without_face=self.without_face,
        )

    def counts(self) -> Counts:
        return Counts(
            forged=int(self.forged.sum()),
            real=int((~self.forged).sum()),
            groups=len(np.unique(self.groups)),
            abstained=int(self.abstained.sum()),
            without_face=self.without_face,
        )

    def auc(self, places: Places) -> dict[str, float]:
        return {"auc": metrics.area_under_curve(self.probability[places], self.forged[places])}

    def figures(self, places: Places) -> dict[str, float]:
        """Every metric of a draw; docs/measuring.md says what each means."""
        forged, said = self.forged[places], self.probability[places]
        return (
            ranking(said, forged)
            | {
                "log_loss": metrics.log_loss(said, forged),
                "calibration_error": metrics.expected_calibration_error(said, forged),
                "calibration_error_by_chance": metrics.calibration_error_by_chance(said),
            }
            | self.decisions(places)
        )

    def decisions(self, places: Places) -> dict[str, float]:
        """What the verdicts are worth that were given, and what abstaining more would give."""
        wrong = self.flagged[places] != self.forged[places]
        given = ~self.abstained[places]
        risks = self.risks(places)
        error, left = (metrics.risk_at(risks, share) for share in (0.0, ABSTENTION))
        return {
            "accuracy": float(1 - wrong[given].mean()) if given.any() else float("nan"),
            "false_fakes": _mean(self.called_fake[places][given & ~self.forged[places]]),
            "abstained": float(1 - given.mean()) if len(given) else float("nan"),
            "area_under_risk": metrics.area_under_risk(risks),
            "error": error,
            "error_at_20_abstained": left,
            "error_fall_at_20_abstained": 1 - left / error if error > 0 else float("nan"),
        }

    def risks(self, places: Places) -> NDArray[np.float64]:
        """The error among the 1, 2, … N most confident, abstentions of the verdict last."""
        confidences = metrics.confidence(
            self.probability[places], self.threshold, self.abstained[places]
        )
        return metrics.risk_at_counts(confidences, self.flagged[places] != self.forged[places])

    def rates(self, places: Places) -> dict[str, float]:
        """AUC, and the shares of reals flagged and of forgeries missed."""
        forged, flagged = self.forged[places], self.flagged[places]
        return self.auc(places) | {
            "false_flags": _mean(flagged[~forged]),
            "misses": _mean(~flagged[forged]),
        }


def ranking(scores: NDArray[np.float64], forged: NDArray[np.bool_]) -> dict[str, float]:
    """What depends on the order alone."""
    curve = metrics.roc(scores, forged)
    nan = float("nan")
    return {
        "auc": metrics.area_under(curve) if curve else nan,
        "average_precision": metrics.average_precision(curve) if curve else nan,
        "equal_error_rate": metrics.equal_error_rate(curve) if curve else nan,
        "true_positives_at_1": metrics.true_positives_at(curve, FALSE_POSITIVES) if curve else nan,
    }


def _mean(flags: NDArray[np.bool_]) -> float:
    return float(flags.mean()) if flags.size else float("nan")
