"""Measures an exported network on faces kept apart, next to trivial scores: see `--help`.

A generator's pictures come from one source with its own size and codec, so all crops go
through one JPEG setting first, and what sharpness and resolution reach alone is told beside.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from benchmarks.metrics import area_under_curve, expected_calibration_error
from inference.calibration import Calibration, EmbeddingReference
from training.augmentation import jpeg
from training.calibrate import for_calibration
from training.loading import HELD_OUT_EPOCH
from training.pairs import Pairs, PairSettings, split_by_group
from training.patches import CROPS, Entry, read_index
from training.scoring import Scorer

ONE_QUALITY = 75

TWINS = "held_out_twins"
TWINS_EPOCH = HELD_OUT_EPOCH - 1

# The real set that is nearest to each forged one, by method.
AGAINST = {
    TWINS: (TWINS,),
    "deepfacelive_dfm": ("deepfacelive_dfm",),
    "ciplab_photoshop": ("ciplab_real",),
    "stylegan256_140k": ("ffhq256_140k",),
    "stylegan2_tpdne": ("unsplash_real",),
    "stable_diffusion_2.1": ("unsplash_real", "simswap_inputs"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A clip or picture: means over its crops."""

    method: str
    forged: bool
    logit: float
    fake_probability: float
    distance: float
    sharpness: float
    face_pixels: float


def judge(entries: list[Entry], crops: NDArray[np.uint8], version_dir: Path) -> list[Judged]:
    """Score crops (N 224 224 3, uint8, RGB) and take the mean over each clip."""
    logits, embeddings = Scorer(version_dir / "model.onnx").score(crops)
    chances = Calibration.load(version_dir).probability(logits)
    distances = EmbeddingReference.load(version_dir).distance(embeddings)
    sharpness = [_sharpness(crop) for crop in crops]
    sides = [entry.face.box_xyxy[2] - entry.face.box_xyxy[0] for entry in entries]
    table = np.stack([logits, chances, distances, sharpness, sides], axis=1)
    clips: dict[str, list[int]] = {}
    for place, entry in enumerate(entries):
        clips.setdefault(entry.clip, []).append(place)
    return [_clip(entries[places[0]], table[places].mean(0)) for places in clips.values()]


def _clip(entry: Entry, means: NDArray[np.float64]) -> Judged:
    logit, chance, distance, sharpness, side = means.tolist()
    return Judged(
        method=entry.method,
        forged=entry.label == "fake",
        logit=logit,
        fake_probability=chance,
        distance=distance,
        sharpness=sharpness,
        face_pixels=side,
    )


def _sharpness(crop: NDArray[np.uint8]) -> float:
    return float(cv2.Laplacian(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), cv2.CV_64F).var())


def compare(judged: list[Judged]) -> dict[str, float]:
    """AUC of the logit, and of trivial scores in whichever direction is better for them."""
    labels = [one.forged for one in judged]
    sharp = area_under_curve([one.sharpness for one in judged], labels)
    large = area_under_curve([one.face_pixels for one in judged], labels)
    return {
        "forged": sum(labels),
        "real": len(labels) - sum(labels),
        "auc": area_under_curve([one.logit for one in judged], labels),
        "auc_sharpness": max(sharp, 1 - sharp),
        "auc_face_pixels": max(large, 1 - large),
        "calibration_error": expected_calibration_error(
            [one.fake_probability for one in judged], labels
        ),
    }


def say_of(judged: Iterable[Judged]) -> dict[str, float]:
    """What one set is told: medians, and how many are over usual thresholds."""
    kept = list(judged)
    chances = np.array([one.fake_probability for one in kept])
    return {
        "clips": len(kept),
        "median_probability": float(np.median(chances)),
        "over_0.5": float((chances >= 0.5).mean()),
        "over_0.8": float((chances >= 0.8).mean()),
        "median_distance": float(np.median([one.distance for one in kept])),
        "distance_over_1": float(np.mean([one.distance > 1 for one in kept])),
    }


def report(judged: list[Judged]) -> dict[str, dict[str, dict[str, float]]]:
    """By forged method against its nearest reals, and by set."""
    comparisons = {}
    for method, reals in AGAINST.items():
        both = [j for j in judged if (j.method == method if j.forged else j.method in reals)]
        if any(j.forged for j in both):
            comparisons[method] = compare(both)
    sets = sorted({(j.method, j.forged) for j in judged})
    return {
        "comparisons": comparisons,
        "sets": {
            f"{method} ({'forged' if forged else 'real'})": say_of(
                j for j in judged if (j.method, j.forged) == (method, forged)
            )
            for method, forged in sets
        },
    }


def twins(data: Path, config: Path) -> tuple[list[Entry], NDArray[np.uint8]]:
    """Held-out faces and forged twins, of another draw than what is calibrated on."""
    settings = yaml.safe_load(config.read_text())
    seed = settings["seed"]
    _, kept_out = split_by_group(read_index(data), settings["held_out"], seed=seed)
    pairs = Pairs(kept_out, PairSettings(), seed=seed)
    entries, crops = [], []
    for index, entry in enumerate(kept_out):
        for label, crop in zip(("real", "fake"), pairs.pair(TWINS_EPOCH, index), strict=True):
            entries.append(replace(entry, method=TWINS, label=label, clip=f"{index} {label}"))
            crops.append(crop)
    return entries, np.stack(crops)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="what training.faces wrote")
    parser.add_argument("--version-dir", type=Path, required=True, help="where model.onnx lies")
    parser.add_argument("--trained-on", type=Path, help="adds its held-out faces and their twins")
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("config.yaml"))
    parser.add_argument("--out", type=Path, help="a JSON file")
    parser.add_argument("--with-calibrated", action="store_true", help="faces calibrated on, too")
    chosen = parser.parse_args(arguments)
    entries = read_index(chosen.data)
    places = [i for i, e in enumerate(entries) if chosen.with_calibrated or not for_calibration(e)]
    crops = np.stack([jpeg(crop, ONE_QUALITY) for crop in np.load(chosen.data / CROPS)[places]])
    judged = judge([entries[i] for i in places], crops, chosen.version_dir)
    if chosen.trained_on:
        judged += judge(*twins(chosen.trained_on, chosen.config), chosen.version_dir)
    found = report(judged)
    for kind, rows in found.items():
        columns = list(next(iter(rows.values())))
        print(f"\n| {kind} | " + " | ".join(columns) + " |\n|" + "---|" * (len(columns) + 1))
        for name, row in rows.items():
            print(f"| {name} | " + " | ".join(f"{row[c]:.3g}" for c in columns) + " |")
    if chosen.out:
        chosen.out.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
