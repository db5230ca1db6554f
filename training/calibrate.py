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

import cv2
import numpy as np
import openvino
import yaml
from numpy.typing import NDArray
from tqdm import tqdm

from inference.calibration import CALIBRATION, REFERENCE, EmbeddingReference
from training.loading import HELD_OUT_EPOCH
from training.metrics import area_under_curve, expected_calibration_error
from training.pairs import Pairs, PairSettings, split_by_group
from training.patches import read_index

COMPONENTS = 64
NEWTON_STEPS = 50

Floats = NDArray[np.float64]


class Scorer:
    """The exported network as it is served: OpenVINO, float32."""

    def __init__(self, file: Path) -> None:
        core = openvino.Core()
        self._compiled = core.compile_model(file, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def score(self, crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Logits (N,) and embeddings (N D) of crops (N 224 224 3, uint8, RGB)."""
        logits, embeddings = [], []
        for start in range(0, len(crops), 32):
            answer = self._compiled(crops[start : start + 32])
            logits.append(answer["logit"][:, 0].copy())
            embeddings.append(answer["embedding"].copy())
        return np.concatenate(logits), np.concatenate(embeddings)


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


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the faces it was trained on")
    parser.add_argument("--version-dir", type=Path, required=True, help="where model.onnx lies")
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("config.yaml"))
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--reference-faces", type=int, default=1000)
    chosen = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    config = yaml.safe_load(chosen.config.read_text())
    seed = config["seed"]
    trained_on, kept_out = split_by_group(read_index(chosen.data), config["held_out"], seed=seed)
    weights_file = chosen.version_dir / "model.onnx"
    scorer = Scorer(weights_file)

    crops, labels = made_pairs(
        Pairs(kept_out, PairSettings(), seed=seed), len(kept_out), chosen.draws
    )
    logits = scorer.score(crops)[0].astype(np.float64)
    temperature, bias = fit(logits, labels, np.ones_like(labels))
    said = 1 / (1 + np.exp(-(logits - bias) / temperature))
    digest = hashlib.sha256(weights_file.read_bytes()).hexdigest()
    calibration: dict[str, object] = {
        "id": f"platt-{digest[:8]}-{temperature:.2f}{bias:+.2f}",
        "temperature": round(temperature, 4),
        "bias": round(bias, 4),
        "weights_sha256": digest,
        "fitted_on": f"{len(labels)} crops: held-out faces and their self-blended twins",
    }
    trained, _ = made_pairs(Pairs(trained_on, PairSettings(), seed=seed), chosen.reference_faces, 1)
    write(chosen.version_dir, calibration, describe(scorer.score(trained)[1]))
    print(json.dumps(calibration, indent=2))
    print(f"held-out twins: AUC {area_under_curve(logits, labels):.3f}")
    print(f"calibration error {expected_calibration_error(said, labels):.3f}")


if __name__ == "__main__":
    main(sys.argv[1:])
