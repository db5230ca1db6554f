"""Describes where the embeddings of training crops lie: `python -m training.reference --help`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from inference.bundles.calibration import EmbeddingReference
from training.blending.pairs import CONFIG, Pairs, PairSettings
from training.patches import read_index, split_by_group
from training.scoring import Scorer

COMPONENTS = 64
EPOCH = 999_998  # a draw of its own


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


def write(file: Path, reference: EmbeddingReference) -> None:
    """As `EmbeddingReference.read` reads it."""
    np.savez_compressed(
        file,
        mean=reference.mean,
        components=reference.components,
        scales=reference.scales,
        percentile_99=np.float32(reference.percentile_99),
    )


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="what training.faces wrote")
    parser.add_argument("--model", type=Path, required=True, help="the detector's model.onnx")
    parser.add_argument("--out", type=Path, required=True, help="an .npz file")
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--faces", type=int, default=1000)
    chosen = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    config = yaml.safe_load(chosen.config.read_text())
    seed = config["seed"]
    trained_on, _ = split_by_group(read_index(chosen.data), config["held_out"], seed=seed)
    pairs = Pairs(trained_on, PairSettings(), seed=seed)
    places = np.random.default_rng(seed).permutation(len(pairs))[: chosen.faces]
    crops = np.stack([crop for place in places for crop in pairs.pair(EPOCH, int(place))])
    write(chosen.out, describe(Scorer(chosen.model).score(crops)[1]))
    print(f"{chosen.out}: the embeddings of {len(crops)} crops")


if __name__ == "__main__":
    main(sys.argv[1:])
