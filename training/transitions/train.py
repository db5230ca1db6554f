"""Fits the head of transitions on tracks and swapped twins: `python -m training.transitions.train`.

The detector's held-out faces are held out here, too: on them alone is told what the head finds,
by itself and beside the detector. The head is a logistic regression; see the README for what
was tried beside it.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from tqdm import tqdm

from inference.heads import Head
from inference.transitions import NAMES, transition_features
from training.metrics import area_under_curve
from training.pairs import split_by_group
from training.patches import Entry, read_index
from training.scoring import Scorer
from training.transitions.clips import Clips, Track
from training.transitions.scenes import scenes

Floats = NDArray[np.float64]

OUTPUT = "transitions"
FOLDS = 5
# Chosen once on held-out groups, among 1e-3 … 1.
INVERSE_PENALTY = 1e-2


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Tracks, described: `features` (N F), mean `logits` of the detector (N), `forged` (N)."""

    features: Floats
    logits: Floats
    forged: NDArray[np.bool_]
    groups: NDArray[np.str_]

    def save(self, file: Path) -> None:
        np.savez_compressed(file, **asdict(self))


def described(track: Track, scorer: Scorer) -> tuple[NDArray[np.float32] | None, float]:
    """The features of a track (None without a burst), and the detector's mean logit."""
    logits, embeddings = scorer.score(track.pixels)
    features = transition_features(track.pixels, embeddings, track.at_seconds)
    return features, float(logits.mean())


def collect(entries: list[Entry], scorer: Scorer, *, tracks: int, epoch: int, seed: int) -> Table:
    """Make and describe up to so many tracks and as many twins; frames of a video go first."""
    found = sorted(scenes(entries), key=len, reverse=True)
    series = [scene for scene in found if len(scene) > 1]
    stills = [scene for scene in found if len(scene) == 1]
    drawn = np.random.default_rng((seed, epoch)).permutation(len(stills))
    chosen = [*series[: 2 * tracks // 3], *(stills[place] for place in drawn)][:tracks]
    clips = Clips(chosen, seed=seed)
    features, logits, groups = [], [], []
    for index in tqdm(range(len(clips)), desc=f"tracks, epoch {epoch}", mininterval=10):
        for track in clips.twins(epoch, index):
            values, logit = described(track, scorer)
            assert values is not None  # every track made has bursts
            features.append(values)
            logits.append(logit)
            groups.append(f"{chosen[index][0].source}/{chosen[index][0].group}")
    return Table(
        features=np.stack(features).astype(np.float64),
        logits=np.array(logits),
        forged=np.arange(len(features)) % 2 == 1,
        groups=np.array(groups),
    )


def fit(table: Table) -> Head:
    """A logistic regression; 0 says as much for one class as for the other."""
    mean, scale = table.features.mean(0), table.features.std(0) + 1e-3
    fitted = LogisticRegression(C=INVERSE_PENALTY, max_iter=2000)
    fitted.fit((table.features - mean) / scale, table.forged)
    return Head(
        mean=mean.astype(np.float32),
        scale=scale.astype(np.float32),
        layers=((fitted.coef_.T.astype(np.float32), fitted.intercept_.astype(np.float32)),),
        outputs=(OUTPUT,),
    )


def beside(table: Table, transitions: Floats) -> tuple[Floats, Floats]:
    """Log-odds of detector and head together (N), fitted on other groups; and the weights (3)."""
    both = np.stack([table.logits, transitions], axis=1)
    joined = LogisticRegression(C=1.0)
    folds = GroupKFold(FOLDS)
    said = cross_val_predict(
        joined, both, table.forged, groups=table.groups, cv=folds, method="decision_function"
    )
    joined.fit(both, table.forged)
    return said, np.append(joined.coef_[0], joined.intercept_)


def report(table: Table, head: Head) -> dict[str, Any]:
    """What the head finds on tracks that nothing was fitted on, with and without the detector."""
    transitions = head.logits(table.features.astype(np.float32))[:, 0].astype(np.float64)
    both, weights = beside(table, transitions)
    said = {"transitions": transitions, "blending": table.logits, "both": both}
    return {
        "tracks": len(table.forged),
        "groups": len(set(table.groups.tolist())),
        "auc": {name: area_under_curve(values, table.forged) for name, values in said.items()},
        "twin_above": {  # of how many pairs the forged one scores higher
            name: float((values[1::2] > values[::2]).mean()) for name, values in said.items()
        },
        "weights": dict(zip(("blending", "transitions", "bias"), weights.tolist(), strict=True)),
        "genuine_logit": float(transitions[~table.forged].mean()),
    }


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="what training.faces wrote")
    parser.add_argument("--model", type=Path, required=True, help="the detector's model.onnx")
    parser.add_argument("--out", type=Path, required=True, help="a folder")
    parser.add_argument("--config", type=Path, default=Path("training/config.yaml"))
    parser.add_argument("--tracks", type=int, default=500)
    parser.add_argument("--held-out-tracks", type=int, default=160)
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    chosen.out.mkdir(parents=True, exist_ok=True)
    settings = yaml.safe_load(chosen.config.read_text())
    seed, scorer = settings["seed"], Scorer(chosen.model, threads=chosen.threads)
    train, kept_out = split_by_group(read_index(chosen.data), settings["held_out"], seed=seed)
    learnt = collect(train, scorer, tracks=chosen.tracks, epoch=0, seed=seed)
    judged = collect(kept_out, scorer, tracks=chosen.held_out_tracks, epoch=1, seed=seed)
    learnt.save(chosen.out / "learnt.npz")
    judged.save(chosen.out / "held_out.npz")
    head = fit(learnt)
    head.save(chosen.out / "transitions.npz")
    found = report(judged, head) | {"features": len(NAMES)}
    (chosen.out / "transitions.json").write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
