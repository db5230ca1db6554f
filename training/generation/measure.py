"""How well generated faces are found, set by set: `python -m training.generation.measure`.

Every picture goes through one JPEG setting. Beside each AUC stands what trivial scores reach
in the direction that is better for them; intervals come from resampling pictures.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.bootstrap import estimates
from benchmarks.metrics import area_under_curve
from training.augmentation import jpeg
from training.generation.pools import AGAINST
from training.patches import CROPS, Entry, read_index
from training.scoring import Scorer

ONE_QUALITY = 75

Floats = NDArray[np.float64]
Crops = NDArray[np.uint8]


def trivial(entries: list[Entry], crops: Crops) -> dict[str, Floats]:
    """Scores that know nothing of forgeries, by name (N each)."""
    grey = [cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY) for crop in crops]
    boxes = np.array([entry.face.box_xyxy for entry in entries])
    return {
        "sharpness": np.array([cv2.Laplacian(one, cv2.CV_64F).var() for one in grey]),
        "face_pixels": (boxes[:, 2:] - boxes[:, :2]).max(1),
        "brightness": np.array([one.mean() for one in grey]),
        "bits": np.array([len(cv2.imencode(".jpg", crop)[1]) for crop in crops], float),
    }


def compare(logits: Floats, baselines: dict[str, Floats], labels: Floats) -> dict[str, object]:
    """AUC with its interval, the best trivial one, and the gain over it with its interval."""

    def figures(places: NDArray[np.int64]) -> dict[str, float]:
        auc = area_under_curve(logits[places], labels[places])
        others = [area_under_curve(values[places], labels[places]) for values in baselines.values()]
        best = max(max(other, 1 - other) for other in others)
        return {"auc": auc, "best_trivial": best, "gain": auc - best}

    groups = [str(place) for place in range(len(labels))]
    found = estimates(figures, groups)
    named = {name: area_under_curve(values, labels) for name, values in baselines.items()}
    return {name: (one.value, one.low, one.high) for name, one in found.items()} | {
        "trivial": {name: max(auc, 1 - auc) for name, auc in named.items()}
    }


def measured(
    entries: list[Entry], crops: Crops, scorer: Scorer, generator: str
) -> dict[str, object]:
    """One generator against its nearest reals."""
    methods = (generator, *AGAINST[generator])
    places = [place for place, entry in enumerate(entries) if entry.method in methods]
    chosen = [entries[place] for place in places]
    seen = np.stack([jpeg(crops[place], ONE_QUALITY) for place in places])
    logits, _ = scorer.score(seen)
    labels = np.array([entry.method == generator for entry in chosen], float)
    return compare(logits.astype(np.float64), trivial(chosen, seen), labels)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="what training.faces wrote")
    parser.add_argument("--model", type=Path, required=True, help="model.onnx of a detector")
    parser.add_argument("--generator", nargs="+", choices=sorted(AGAINST), default=list(AGAINST))
    parser.add_argument("--out", type=Path, help="a JSON file")
    chosen = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    entries, crops = read_index(chosen.data), np.load(chosen.data / CROPS, mmap_mode="r")
    scorer = Scorer(chosen.model, threads=1)
    found = {name: measured(entries, crops, scorer, name) for name in chosen.generator}
    text = json.dumps(found, indent=2)
    print(text)
    if chosen.out:
        chosen.out.write_text(text + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
