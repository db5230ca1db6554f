"""What transitions cost beside the detector: `python -m training.transitions.cost --model FILE`.

Processor time of one track as serving keeps it, sixteen crops with three bursts, one thread; the
two are measured in turns, so that whatever else the machine does slows both.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from time import process_time

import cv2
import numpy as np

from inference.faces.transitions import transition_features
from training.scoring import Scorer

_CROPS, _BURSTS, _TURNS = 16, 3, 20


def shares(model: Path) -> list[float]:
    """The features' time over the detector's, turn by turn."""
    scorer = Scorer(model, threads=1)
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (_CROPS, 28, 28, 3)).astype(np.uint8)
    crops = np.stack([cv2.resize(one, (224, 224), interpolation=cv2.INTER_CUBIC) for one in coarse])
    single = [100.0 + number for number in range(_CROPS - 3 * _BURSTS)]
    at_seconds = [burst + frame / 30 for burst in range(_BURSTS) for frame in range(3)] + single
    _, embeddings = scorer.score(crops)
    found = []
    for _ in range(_TURNS):
        start = process_time()
        scorer.score(crops)
        between = process_time()
        transition_features(crops, embeddings, at_seconds)
        found.append((process_time() - between) / (between - start))
    return found


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="the detector's model.onnx")
    cv2.setNumThreads(1)
    found = shares(parser.parse_args(arguments).model)
    low, middle, high = np.quantile(found, (0.1, 0.5, 0.9))
    print(f"features over detector: {middle:.1%} (10th to 90th of 100: {low:.1%} to {high:.1%})")


if __name__ == "__main__":
    main(sys.argv[1:])
