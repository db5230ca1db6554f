"""Fits the head of transitions on tracks and swapped twins: `python -m training.transitions.train`.

The detector's held-out faces are held out here, too: on them alone is told what the head finds,
by itself and beside the detector. The head is a logistic regression; the README tells what was
tried beside it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from tqdm import tqdm

from benchmarks.bootstrap import estimates
from benchmarks.metrics import area_under_curve
from inference.bundles.heads import Head
from inference.faces.transitions import NAMES, transition_features
from training.blending.pairs import CONFIG
from training.patches import Entry, read_index, split_by_group
from training.scoring import Scorer
from training.transitions.clips import Clips, Track
from training.transitions.scenes import scenes

Floats = NDArray[np.float64]

OUTPUT = "transitions"
FOLDS = 5
# Chosen once on held-out groups, among 1e-4 … 1.
INVERSE_PENALTY = 1e-1


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Tracks, described: `features` (N F), mean `logits` of the detector (N), `forged` (N)."""

    features: Floats
    logits: Floats
    forged: NDArray[np.bool_]
    groups: NDArray[np.str_]

    def save(self, file: Path) -> None:
        np.savez_compressed(file, **asdict(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """With what tracks are made and described; another `epoch` draws others of the same faces."""

    model: Path
    epoch: int
    seed: int


def described(track: Track, scorer: Scorer) -> tuple[NDArray[np.float32] | None, float]:
    """The features of a track (None without a burst), and the detector's mean logit."""
    logits, embeddings = scorer.score(track.pixels)
    features = transition_features(track.pixels, embeddings, track.at_seconds)
    return features, float(logits.mean())


def chosen_scenes(entries: list[Entry], count: int, *, seed: int) -> list[list[Entry]]:
    """Up to so many: two thirds frames of one video where there are as many, else single ones."""
    found = scenes(entries)
    rng = np.random.default_rng(seed)
    series, stills = (
        [group[place] for place in rng.permutation(len(group))]
        for group in (
            [scene for scene in found if len(scene) > 1],
            [scene for scene in found if len(scene) == 1],
        )
    )
    return [*series[: 2 * count // 3], *stills][:count]


def collect(chosen: list[list[Entry]], work: Work, *, processes: int) -> Table:
    """Make and describe a track and its twin of every scene."""
    with ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=_begin, initargs=(chosen, work)
    ) as pool:
        made = list(tqdm(pool.map(_twins, range(len(chosen))), total=len(chosen), mininterval=10))
    features, logits = zip(*chain.from_iterable(made), strict=True)
    groups = [f"{scene[0].source}/{scene[0].group}" for scene in chosen for _ in range(2)]
    return Table(
        features=np.stack(features).astype(np.float64),
        logits=np.array(logits),
        forged=np.arange(len(features)) % 2 == 1,
        groups=np.array(groups),
    )


_of_this_process: dict[str, Any] = {}


def _begin(chosen: list[list[Entry]], work: Work) -> None:
    cv2.setNumThreads(1)
    clips, scorer = Clips(chosen, seed=work.seed), Scorer(work.model, threads=1)
    _of_this_process.update(clips=clips, scorer=scorer, epoch=work.epoch)


def _twins(index: int) -> list[tuple[NDArray[np.float32], float]]:
    described_twins = []
    for track in _of_this_process["clips"].twins(_of_this_process["epoch"], index):
        features, logit = described(track, _of_this_process["scorer"])
        assert features is not None  # every track made has bursts
        described_twins.append((features, logit))
    return described_twins


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
        "auc": with_intervals(said, table.forged, table.groups.tolist()),
        "twin_above": {  # of how many pairs the forged one scores higher
            name: float((values[1::2] > values[::2]).mean()) for name, values in said.items()
        },
        "weights": dict(zip(("blending", "transitions", "bias"), weights.tolist(), strict=True)),
        "genuine_logit": float(transitions[~table.forged].mean()),
    }


def with_intervals(
    said: Mapping[str, Floats], forged: NDArray[np.bool_], groups: Sequence[str]
) -> dict[str, list[float | None]]:
    """AUC of each score, and what `both` gains over `blending`: value, low, high over groups."""

    def aucs(places: NDArray[np.int64]) -> dict[str, float]:
        found = {n: area_under_curve(s[places], forged[places]) for n, s in said.items()}
        return found | {"gain": found["both"] - found["blending"]}

    found = estimates(aucs, groups)
    return {name: [one.value, one.low, one.high] for name, one in found.items()}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="what training.faces wrote")
    parser.add_argument("--model", type=Path, required=True, help="the detector's model.onnx")
    parser.add_argument("--out", type=Path, required=True, help="a folder")
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--tracks", type=int, default=600)
    parser.add_argument("--held-out-tracks", type=int, default=180)
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args(arguments)
    chosen.out.mkdir(parents=True, exist_ok=True)
    settings = yaml.safe_load(chosen.config.read_text())
    seed = settings["seed"]
    train, kept_out = split_by_group(read_index(chosen.data), settings["held_out"], seed=seed)
    learnt, judged = (
        collect(
            chosen_scenes(entries, count, seed=seed),
            Work(model=chosen.model, epoch=epoch, seed=seed),
            processes=chosen.processes,
        )
        for epoch, (entries, count) in enumerate(
            ((train, chosen.tracks), (kept_out, chosen.held_out_tracks))
        )
    )
    learnt.save(chosen.out / "learnt.npz")
    judged.save(chosen.out / "held_out.npz")
    head = fit(learnt)
    head.save(chosen.out / "transitions.npz")
    found = report(judged, head) | {"features": len(NAMES)}
    (chosen.out / "transitions.json").write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
