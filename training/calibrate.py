"""Fits what a model's answers mean, on its own ONNX file: `python -m training.calibrate --help`.

Logits become probabilities on held-out faces and their forged twins; embeddings
become distances against what the model was trained on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from zlib import crc32

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray
from tqdm import tqdm

from inference.calibration import CALIBRATION, REFERENCE, EmbeddingReference
from training.loading import HELD_OUT_EPOCH
from training.pairs import Pairs, PairSettings, split_by_group
from training.patches import CROPS, Entry, read_index
from training.scoring import Scorer

COMPONENTS = 64
NEWTON_STEPS = 50

# Of the faces for development, these sets take part where they are given: real ones of other
# sources, and forgeries that blend. What generates whole faces is not what is detected here.
SETS_FOR_CALIBRATION = frozenset(
    {"ciplab_real", "ciplab_photoshop", "deepfacelive_dfm", "ffhq256_140k", "unsplash_real"}
)

Floats = NDArray[np.float64]


def fit(logits: Floats, labels: Floats, weights: Floats) -> tuple[float, float]:
    """Temperature and bias of the greatest likelihood, by Newton's method.

    Labels are softened as Platt (1999) proposes, so that classes that do not overlap
    still give finite numbers.
    """
    positives, negatives = weights[labels > 0.5].sum(), weights[labels <= 0.5].sum()
    targets = np.where(labels > 0.5, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    inputs = np.stack([logits, np.ones_like(logits)], axis=1)
    slope_offset = np.array([1.0, 0.0])
    for _ in range(NEWTON_STEPS):
        said = 1 / (1 + np.exp(-np.clip(inputs @ slope_offset, -40, 40)))
        gradient = inputs.T @ (weights * (said - targets))
        curvature = (inputs * (weights * said * (1 - said))[:, None]).T @ inputs
        move = np.linalg.solve(curvature + 1e-9 * np.eye(2), gradient)
        slope_offset = slope_offset - np.clip(move, -0.5, 0.5)
    slope, offset = slope_offset
    if slope <= 0:
        raise ValueError("forged faces do not score higher than real ones: nothing to calibrate")
    return float(1 / slope), float(-offset / slope)


def for_calibration(entry: Entry) -> bool:
    """Whether a face for development is calibrated on: half of the groups, never reported on."""
    return entry.method in SETS_FOR_CALIBRATION and crc32(entry.group.encode()) % 2 == 0


def balanced(labels: Floats, share: float) -> Floats:
    """Weights that add up to that share of the number of labels, half of it for each class."""
    counts = np.where(labels > 0.5, (labels > 0.5).sum(), (labels <= 0.5).sum())
    return np.asarray(share * len(labels) / (2 * counts))


def describe(embeddings: NDArray[np.float32], components: int = COMPONENTS) -> EmbeddingReference:
    """Mean, principal components and spread of embeddings (N D)."""
    mean = embeddings.mean(0)
    centred = (embeddings - mean).astype(np.float64)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
    kept = np.argsort(values)[::-1][:components]
    scales = np.sqrt(np.maximum(values[kept], 1e-12)).astype(np.float32)
    rows = np.ascontiguousarray(vectors[:, kept].T, np.float32)
    one = EmbeddingReference(mean=mean, components=rows, scales=scales, percentile_99=1.0)
    limit = float(np.quantile(one.distance(embeddings), 0.99))
    return EmbeddingReference(mean=mean, components=rows, scales=scales, percentile_99=limit)


def made_pairs(pairs: Pairs, count: int, draws: int) -> tuple[NDArray[np.uint8], Floats]:
    """Crops (reals and twins) of up to `count` faces, each drawn so often, and their labels."""
    crops, labels = [], []
    chosen = np.random.default_rng(0).permutation(len(pairs))[:count]
    for draw in range(1, draws + 1):
        for index in tqdm(chosen, desc=f"pairs, draw {draw}", mininterval=10):
            crops += pairs.pair(HELD_OUT_EPOCH + draw, int(index))
            labels += [0.0, 1.0]
    return np.stack(crops), np.array(labels)


def write(folder: Path, calibration: dict[str, object], reference: EmbeddingReference) -> None:
    (folder / CALIBRATION).write_text(json.dumps(calibration, indent=2) + "\n")
    np.savez_compressed(
        folder / REFERENCE,
        mean=reference.mean,
        components=reference.components,
        scales=reference.scales,
        percentile_99=np.float32(reference.percentile_99),
    )


def evidence(
    scorer: Scorer, kept_out: Pairs, draws: int, also: Path | None
) -> tuple[Floats, Floats, Floats]:
    """Logits, labels and weights (N each) to fit on: twins count as much as other sources."""
    crops, labels = made_pairs(kept_out, len(kept_out), draws)
    logits = scorer.score(crops)[0].astype(np.float64)
    if also is None:
        return logits, labels, balanced(labels, 1.0)
    entries = read_index(also)
    places = [place for place, entry in enumerate(entries) if for_calibration(entry)]
    others = scorer.score(np.load(also / CROPS)[places])[0].astype(np.float64)
    forged = np.array([float(entries[place].label == "fake") for place in places])
    total = len(labels) + len(forged)
    weights = [balanced(part, 0.5 * total / len(part)) for part in (labels, forged)]
    return np.append(logits, others), np.append(labels, forged), np.concatenate(weights)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the faces it was trained on")
    parser.add_argument("--version-dir", type=Path, required=True, help="where model.onnx lies")
    parser.add_argument("--also", type=Path, help="faces for development, half of them used here")
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("config.yaml"))
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--reference-faces", type=int, default=1000)
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> None:
    chosen = parse(arguments)
    cv2.setNumThreads(1)
    config = yaml.safe_load(chosen.config.read_text())
    seed = config["seed"]
    sides = split_by_group(read_index(chosen.data), config["held_out"], seed=seed)
    trained_on, kept_out = (Pairs(side, PairSettings(), seed=seed) for side in sides)
    weights_file = chosen.version_dir / "model.onnx"
    scorer = Scorer(weights_file)

    logits, labels, weights = evidence(scorer, kept_out, chosen.draws, chosen.also)
    temperature, bias = fit(logits, labels, weights)
    digest = hashlib.sha256(weights_file.read_bytes()).hexdigest()
    calibration: dict[str, object] = {
        "id": f"platt-{digest[:8]}-{temperature:.2f}{bias:+.2f}",
        "temperature": round(temperature, 4),
        "bias": round(bias, 4),
        "weights_sha256": digest,
        "crops_fitted_on": len(labels),
    }
    trained, _ = made_pairs(trained_on, chosen.reference_faces, 1)
    write(chosen.version_dir, calibration, describe(scorer.score(trained)[1]))
    print(json.dumps(calibration, indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
