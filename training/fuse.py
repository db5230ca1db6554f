"""Fits how a bundle's logits become one probability: `python -m training.fuse --help`.

From score tables of `veriscope bench score`, so that what is fitted on went through all
that serving does. A third of the groups is fitted on, the genuine clips of another third are
the evidence for thresholds, the last third is for reports (see `Part`).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from benchmarks.leaving_out import listed
from benchmarks.table import ScoreTable
from moderation.fusion import Family, Fusion

Floats = NDArray[np.float64]

GENERATED = "generated"


class Part(StrEnum):
    """What a group of clips is used for, by its name alone: it is the same in every run."""

    FIT = "fit"
    THRESHOLDS = "thresholds"
    REPORT = "report"

    @classmethod
    def of(cls, group: str) -> Part:
        return list(cls)[crc32(f"part of {group}".encode()) % 3]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A clip of a score table: pooled logits by detector."""

    group: str
    method: str
    forged: bool
    finds: str  # manipulated, generated; of a real clip empty
    logits: Mapping[str, float]


def read(
    tables: Sequence[Path], leave_out: Sequence[str], without: Collection[str] = ()
) -> list[Scored]:
    """All clips in which a face was judged, but those of methods left out and of groups without.

    `without` as in `ScoreTable.without`: what a detector learned from calibrates nothing.
    """
    kept = []
    for table in tables:
        for row in ScoreTable.read(table).without(without).rows():
            logits = {
                name.removeprefix("logit_"): float(value)
                for name, value in row.items()
                if name.startswith("logit_") and value is not None
            }
            if not logits or row["method"] in leave_out or row["label"] not in ("real", "fake"):
                continue
            forged = row["label"] == "fake"
            whole = GENERATED if row["family"] == GENERATED else "manipulated"
            kept.append(
                Scored(
                    group=row["group"],
                    method=row["method"],
                    forged=forged,
                    finds=whole if forged else "",
                    logits=logits,
                )
            )
    return kept


def weigh(clips: Sequence[Scored]) -> Floats:
    """Weights (N): real and forged count alike, and so does every method of a class."""
    named = [(clip.forged, clip.method) for clip in clips]
    counts = Counter(named)
    methods = [sum(1 for forged, _ in counts if forged is kind) for kind in (False, True)]
    return np.array([1 / (methods[forged] * counts[forged, m]) for forged, m in named])


def fit_family(finds: str, detectors: Sequence[str], clips: Sequence[Scored]) -> Family:
    """Logistic regression of real clips and those that the family finds.

    A detector that would get a negative weight is of no use: it gets 0, and where all do,
    the family is of no use.
    """
    kept = [clip for clip in clips if clip.finds in ("", finds)]
    features = np.array([[clip.logits.get(name, 0.0) for name in detectors] for clip in kept])
    forged = np.array([clip.forged for clip in kept])
    used = list(range(len(detectors)))
    while used:
        fitted = LogisticRegression(C=np.inf, max_iter=1000)
        fitted.fit(features[:, used], forged, sample_weight=weigh(kept) * len(kept))
        weakest = int(fitted.coef_[0].argmin())
        if fitted.coef_[0][weakest] > 0:
            weights = dict.fromkeys(detectors, 0.0)
            weights |= {
                detectors[i]: round(float(weight), 4)
                for i, weight in zip(used, fitted.coef_[0], strict=True)
            }
            return Family(finds=finds, weights=weights, bias=round(float(fitted.intercept_[0]), 4))
        used.pop(weakest)
    return Family(finds=finds, weights=dict.fromkeys(detectors, 0.0))


def fit(finds: Mapping[str, Sequence[str]], clips: Sequence[Scored], *, name: str) -> Fusion:
    """Families first, each for itself, then one scaling of their mean odds.

    `finds` names the detectors of each family.
    """
    fitted_on = [clip for clip in clips if Part.of(clip.group) is Part.FIT]
    fitted = [fit_family(one, detectors, fitted_on) for one, detectors in finds.items()]
    families = tuple(family for family in fitted if any(family.weights.values()))
    if not families:
        raise ValueError("no detector scores forged clips higher: nothing to calibrate")
    raw = Fusion(id="raw", families=families)
    odds = np.array([[raw.log_odds(clip.logits)] for clip in fitted_on])
    scaling = LogisticRegression(C=np.inf).fit(
        odds, [clip.forged for clip in fitted_on], sample_weight=weigh(fitted_on) * len(fitted_on)
    )
    slope = float(scaling.coef_[0][0])
    if slope <= 0:
        raise ValueError("forged clips do not score higher than real ones: nothing to calibrate")
    temperature, bias = round(1 / slope, 4), round(-float(scaling.intercept_[0]) / slope, 4)
    return Fusion(id=name, families=families, temperature=temperature, bias=bias)


def written(fusion: Fusion, clips: Sequence[Scored]) -> str:
    """As `inference.bundles.calibration.read_fusion` reads it."""
    parts = [Part.of(clip.group) for clip in clips]
    return json.dumps(
        {
            "id": fusion.id,
            "families": [
                {"finds": one.finds, "weights": dict(one.weights), "bias": one.bias}
                for one in fusion.families
            ],
            "temperature": fusion.temperature,
            "bias": fusion.bias,
            "unforged": list(fusion.unforged),
            "fitted_on": {
                "clips": parts.count(Part.FIT),
                "left_for_reports": parts.count(Part.REPORT),
                "methods": sorted({clip.method for clip in clips}),
            },
        },
        indent=1,
    )


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", type=Path, nargs="+", required=True)
    parser.add_argument("--leave-out", nargs="*", default=[], help="methods never fitted on")
    parser.add_argument("--without-groups", type=Path, help="lists groups that were learned from")
    parser.add_argument("--manipulated", nargs="+", default=["blending"])
    parser.add_argument("--generated", nargs="*", default=[])
    parser.add_argument("--id", required=True, help="names the calibration in every verdict")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--groups", type=Path, help="lists what was used up by now")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> None:
    chosen = parse(arguments)
    learned = listed(chosen.without_groups)
    clips = read(chosen.scores, chosen.leave_out, learned)
    finds = {"manipulated": chosen.manipulated, GENERATED: chosen.generated}
    fusion = fit({one: names for one, names in finds.items() if names}, clips, name=chosen.id)
    chosen.out.write_text(written(fusion, clips) + "\n")
    if chosen.groups:
        used = {clip.group for clip in clips if Part.of(clip.group) is not Part.REPORT} | learned
        chosen.groups.write_text("".join(f"{group}\n" for group in sorted(used)))
    print(chosen.out.read_text())


if __name__ == "__main__":
    main(sys.argv[1:])
