"""Writes held-out faces and their forged twins as pictures: `python -m training.twins --help`.

They are measured and calibrated on as any data set is: through detection, alignment and
all that serving does. `veriscope data import manifest` reads what is written here.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import sys
from pathlib import Path

import cv2
import yaml
from tqdm import tqdm

from training.blending.pairs import CONFIG, Pairs, PairSettings, Pixels
from training.patches import Entry, read_index, split_by_group

METHOD = "self_blended"
EPOCH = 999_999  # a draw of its own: neither trained nor checked on
COLUMNS = ("path", "split", "label", "method", "category", "source", "licence", "group", "sha256")
SIZE = ("width", "height", "crop")


def write_twins(folder: Path, kept_out: list[Entry], *, seed: int) -> int:
    """Write a real picture and its twin for each face, and `manifest.csv`; returns how many."""
    pairs = Pairs(kept_out, PairSettings(), seed=seed)
    rows: list[list[str]] = []
    folder.mkdir(parents=True, exist_ok=True)
    for index, entry in enumerate(tqdm(kept_out, desc="twins", mininterval=10)):
        twins = pairs.pictures(EPOCH, index)
        for label, pixels in (("real", twins.real), ("fake", twins.forged)):
            name = f"{index:05d}-{label}.png"
            digest = _write(folder / name, pixels)
            height, width = pixels.shape[:2]
            category = "edited" if label == "fake" else "real"
            group = f"{entry.source}/{entry.group}"
            row = [name, "validation", label, METHOD, category, "self-blended", "", group, digest]
            rows.append([*row, str(width), str(height), ""])
    with (folder / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows([[*COLUMNS, *SIZE], *rows])
    return len(rows)


def _write(file: Path, pixels: Pixels) -> str:
    _, packed = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    content = packed.tobytes()
    file.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="what training.faces wrote")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--config", type=Path, default=CONFIG)
    chosen = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    config = yaml.safe_load(chosen.config.read_text())
    seed = config["seed"]
    _, kept_out = split_by_group(read_index(chosen.data), config["held_out"], seed=seed)
    print(f"{chosen.out}: {write_twins(chosen.out, kept_out, seed=seed)} pictures")


if __name__ == "__main__":
    main(sys.argv[1:])
