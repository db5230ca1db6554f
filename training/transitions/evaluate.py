"""What transitions add on real clips: `python -m training.transitions.evaluate --help`.

Clips of a manifest are sampled, followed and cropped as serving does. To be looked at once, at the
end: nothing is chosen by it.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks.changes import Half
from inference.bundles.heads import Head
from inference.faces.mtcnn import MtcnnDetector
from inference.faces.tracks import FaceFollower
from inference.reading.frames import DecodingLimits, Frame
from inference.reading.sniff import SNIFFED_BYTES, sniff
from inference.reading.videos import read_video
from training.scoring import Scorer
from training.transitions.clips import Track, packed
from training.transitions.train import described, with_intervals


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A clip: the detector's mean logit, the head's, and both by the weights learnt with it."""

    group: str
    forged: bool
    blending: float
    transitions: float
    both: float


def halves(path: Path, crop: str) -> Iterator[Frame]:
    """The frames serving would take, of them the left or right half where a clip has two sides."""
    with path.open("rb") as file:
        container = sniff(file.read(SNIFFED_BYTES))
        _, frames = read_video(file, container, DecodingLimits(threads=1))
        yield from Half(region=crop)(frames)


def longest_track(frames: Iterator[Frame], detector: MtcnnDetector) -> Track | None:
    """The person seen in most frames, as the face pack would keep them."""
    follower = FaceFollower(detector)
    for frame in frames:
        follower.add(frame.at_seconds, frame.pixels)
    tracks, kept = follower.finish()
    if not tracks:
        return None
    longest = max(tracks, key=lambda track: track.frames_seen).track_id
    crops = [(crop.at_seconds, pixels) for crop, pixels in kept if crop.track_id == longest]
    return Track(
        pixels=np.stack([packed(pixels) for _, pixels in crops]),
        at_seconds=tuple(at for at, _ in crops),
    )


class Judge:
    """Judges clips with a detector and what was fitted for it; `features` (F) of those judged."""

    def __init__(self, model: Path, fitted: Path, *, threads: int) -> None:
        self._scorer, self._finder = Scorer(model, threads=threads), MtcnnDetector(threads=1)
        self._head = Head.load(fitted / "transitions.npz")
        self._weights = json.loads((fitted / "transitions.json").read_text())["weights"]
        self.features: list[NDArray[np.float32]] = []

    def judge(self, path: Path, row: Mapping[str, str]) -> Judged | None:
        """None where there is no face, or no burst of one."""
        track = longest_track(halves(path, row["crop"]), self._finder)
        if track is None:
            return None
        values, blending = described(track, self._scorer)
        if values is None:
            return None
        self.features.append(values)
        transitions = float(self._head.logits(values[None])[0, 0])
        return Judged(
            group=row["group"],
            forged=row["label"] == "fake",
            blending=blending,
            transitions=transitions,
            both=self._weights["blending"] * blending + self._weights["transitions"] * transitions,
        )


def measured(judged: list[Judged]) -> dict[str, Any]:
    """AUC by clip with intervals over groups, and of how many pairs the forged side is higher."""
    forged = np.array([one.forged for one in judged])
    scores = {
        name: np.array([getattr(one, name) for one in judged])
        for name in ("blending", "transitions", "both")
    }

    pairs: dict[str, dict[bool, Judged]] = {one.group: {} for one in judged}
    for one in judged:
        pairs[one.group][one.forged] = one
    whole = [pair for pair in pairs.values() if len(pair) == 2]
    return {
        "clips": len(judged),
        "auc": with_intervals(scores, forged, [one.group for one in judged]),
        "pairs": len(whole),
        "forged_higher": {
            name: sum(getattr(pair[True], name) > getattr(pair[False], name) for pair in whole)
            for name in scores
        },
        "genuine_logit": float(scores["transitions"][~forged].mean()),
        "forged_logit": float(scores["transitions"][forged].mean()),
    }


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--method", required=True, help="rows of this method, real and fake")
    parser.add_argument("--model", type=Path, required=True, help="the detector's model.onnx")
    parser.add_argument("--fitted", type=Path, required=True, help="what transitions.train wrote")
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    judge = Judge(chosen.model, chosen.fitted, threads=chosen.threads)
    with chosen.manifest.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["method"] == chosen.method]
    found = [judge.judge(chosen.manifest.parent / row["path"], row) for row in tqdm(rows)]
    judged = [one for one in found if one is not None]
    figures = measured(judged) | {"not_judged": len(found) - len(judged)}
    out = chosen.fitted / f"real_clips_{chosen.method}"
    forged = [one.forged for one in judged]
    np.savez_compressed(out.with_suffix(".npz"), features=judge.features, forged=forged)
    out.with_suffix(".json").write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
