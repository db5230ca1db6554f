"""Fits the screens on a detector's embeddings: `python -m training.screens.train --help`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from benchmarks.metrics import area_under_curve
from training.blending.pairs import CONFIG
from training.patches import Entry, read_index, split_by_group
from training.scoring import Scorer
from training.screens.examples import CLEAN, DRAWINGS, FORGED, KINDS, SCREENS, Example, examples

Floats = NDArray[np.float64]

# Chosen once on held-out groups, among 1e-4 … 1.
INVERSE_PENALTY = 1e-3


def described(scorer: Scorer, made: Sequence[Example]) -> tuple[Floats, NDArray[np.bool_]]:
    """Embeddings (N D) and targets (N 3) of examples."""
    _, embeddings = scorer.score(np.stack([one.crop for one in made]))
    return embeddings.astype(np.float64), np.array([one.targets for one in made])


def fit(features: Floats, targets: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Weights (D 3) and biases (3) for standardised features, one logistic regression a screen."""
    fitted = [
        LogisticRegression(C=INVERSE_PENALTY, class_weight="balanced", max_iter=500).fit(
            features, targets[:, screen]
        )
        for screen in range(targets.shape[1])
    ]
    weights = np.stack([one.coef_[0] for one in fitted], axis=1)
    return weights, np.array([one.intercept_[0] for one in fitted])


def centred(logits: Floats, share: float) -> Floats:
    """What to take off the logits (N 3) of usable crops so that only that share is above 0."""
    return np.asarray(np.quantile(logits, 1 - share, axis=0))


def auc_by_kind(
    logits: Floats, targets: NDArray[np.bool_], kinds: Sequence[str]
) -> dict[str, float]:
    """For each kind, how well its own screen tells it from clean and forged crops."""

    named = np.array(kinds)
    plain = np.isin(named, (CLEAN, FORGED))
    found = {}
    for kind in KINDS[2:]:
        meant = (named == kind) & targets.any(axis=1)
        if not meant.any():
            continue
        screen = int(targets[meant][0].argmax())
        both = plain | meant
        found[kind] = area_under_curve(logits[both, screen], meant[both])
    return found


def left_out(
    features: Floats, targets: NDArray[np.bool_], kinds: Sequence[str]
) -> dict[str, float]:
    """AUC of each kind of drawing by screens that never saw it; of two halves of the examples."""
    named, half = np.array(kinds), np.arange(len(kinds)) % 2 == 0
    found = {}
    for kind in DRAWINGS:
        kept = half & (named != kind)
        weights, biases = fit(features[kept], targets[kept])
        logits = features[~half] @ weights + biases
        found[kind] = auc_by_kind(logits, targets[~half], list(named[~half]))[kind]
    return found


def write(file: Path, mean: Floats, scale: Floats, weights: Floats, biases: Floats) -> None:
    """As `inference.bundles.heads.Head` reads it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        file,
        mean=mean.astype(np.float32),
        scale=scale.astype(np.float32),
        weight_0=weights.astype(np.float32),
        bias_0=biases.astype(np.float32),
        outputs=np.array(SCREENS),
    )


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="what training.faces wrote")
    parser.add_argument("--model", type=Path, required=True, help="the detector's model.onnx")
    parser.add_argument("--out", type=Path, required=True, help="the head, an .npz file")
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--faces", type=int, default=2000, help="at most, to learn from")
    parser.add_argument("--per-face", type=int, default=4)
    parser.add_argument("--abstaining", type=float, default=0.01, help="share of usable crops")
    return parser.parse_args(arguments)


def _some(entries: list[Entry], count: int, seed: int) -> list[Entry]:
    chosen = np.random.default_rng(seed).permutation(len(entries))[:count]
    return [entries[place] for place in chosen]


def main(arguments: list[str]) -> None:
    chosen = parse(arguments)
    cv2.setNumThreads(1)
    config = yaml.safe_load(chosen.config.read_text())
    trained_on, kept_out = split_by_group(
        read_index(chosen.data), config["held_out"], seed=config["seed"]
    )
    scorer = Scorer(chosen.model)
    learned = examples(
        _some(trained_on, chosen.faces, config["seed"]), per_face=chosen.per_face, seed=1
    )
    checked = examples(kept_out, per_face=2 * chosen.per_face, seed=2)
    features, targets = described(scorer, learned)
    mean, scale = features.mean(0), features.std(0) + 1e-6
    weights, biases = fit((features - mean) / scale, targets)

    others, truth = described(scorer, checked)
    logits = ((others - mean) / scale) @ weights + biases
    kinds = [one.kind for one in checked]
    plain = np.isin(kinds, (CLEAN, FORGED))
    offset = centred(logits[plain], chosen.abstaining)
    write(chosen.out, mean, scale, weights, biases - offset)
    caught = {
        name: float((logits[truth[:, i], i] > offset[i]).mean()) for i, name in enumerate(SCREENS)
    }
    measured = {
        "examples": len(learned),
        "auc_by_kind": auc_by_kind(logits, truth, kinds),
        "auc_of_drawings_left_out": left_out(
            (features - mean) / scale, targets, [one.kind for one in learned]
        ),
        "caught_at_the_share_abstained": caught,
    }
    chosen.out.with_suffix(".json").write_text(json.dumps(measured, indent=2) + "\n")
    print(json.dumps(measured, indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
