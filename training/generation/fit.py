"""Fits a head for generated faces on the detector's embeddings: minutes, and free when serving.

python -m training.generation.fit --data FACES --generated DEV --model model.onnx --out HEAD.npz
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from benchmarks.metrics import area_under_curve
from inference.bundles.heads import Head
from training.augmentation import jpeg
from training.generation.pools import Choice
from training.scoring import Scorer

CONFIG = Path(__file__).with_name("config.yaml")
OUTPUT = "generation"
INVERSE_PENALTY = 3e-3
# The embedding's first values: two for each channel of training.blending.model.TEXTURE_STAGES. What
# follows knows what is shown.
TEXTURE = 352


def fit(real: NDArray[np.float32], generated: NDArray[np.float32]) -> Head:
    """A linear head from embeddings (N D each) that looks at their texture alone."""
    features = np.concatenate([real, generated]).astype(np.float64)
    labels = np.repeat([0, 1], [len(real), len(generated)])
    mean, scale = features.mean(0), features.std(0) + 1e-6
    model = LogisticRegression(C=INVERSE_PENALTY, class_weight="balanced", max_iter=500)
    model.fit(((features - mean) / scale)[:, :TEXTURE], labels)
    weight = np.zeros((features.shape[1], 1), np.float32)
    weight[:TEXTURE, 0] = model.coef_[0]
    return Head(
        mean=mean.astype(np.float32),
        scale=scale.astype(np.float32),
        layers=((weight, model.intercept_.astype(np.float32)),),
        outputs=(OUTPUT,),
    )


def described(
    crops: NDArray[np.uint8], scorer: Scorer, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Embeddings (N D) of crops (N 224 224 3), each compressed by a drawn quality."""
    parts = []
    for start in range(0, len(crops), 64):
        seen = [jpeg(crop, int(rng.integers(60, 97))) for crop in crops[start : start + 64]]
        parts.append(scorer.score(np.stack(seen))[1])
    return np.concatenate(parts)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="real faces (training.faces)")
    parser.add_argument("--generated", type=Path, required=True, help="faces with generated ones")
    parser.add_argument("--leave-out", default="", help="a generator that is not fitted on")
    parser.add_argument("--model", type=Path, required=True, help="the detector's model.onnx")
    parser.add_argument("--out", type=Path, required=True, help="the head, an .npz file")
    parser.add_argument("--config", type=Path, default=CONFIG)
    chosen = parser.parse_args(arguments)
    settings = yaml.safe_load(chosen.config.read_text())
    cv2.setNumThreads(1)
    choice = Choice(
        seed=settings["seed"],
        held_out=settings["held_out"],
        smallest_face=settings["smallest_face"],
        leave_out=chosen.leave_out,
    )
    faces = choice.read(chosen.data, chosen.generated)
    scorer, rng = Scorer(chosen.model, threads=1), np.random.default_rng(settings["seed"])
    real, generated, other_real, other_generated = (
        described(crops, scorer, rng)
        for crops in (
            faces.real.crops,
            faces.generated.crops,
            faces.other_real,
            faces.other_generated,
        )
    )
    head = fit(real, generated)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    head.save(chosen.out)
    logits = head.logits(np.concatenate([other_real, other_generated]))[:, 0]
    labels = np.repeat([0, 1], [len(other_real), len(other_generated)])
    print(f"{chosen.out}: AUC {area_under_curve(logits, labels):.3f} on held-out groups")


if __name__ == "__main__":
    main(sys.argv[1:])
