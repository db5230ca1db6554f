"""Writes the detector of generated faces as ONNX: `python -m training.generation.export`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

from inference.faces.crops import CROP_SIDE
from training.generation.model import GenerationDetector
from training.onnx_graphs import LARGEST_DIFFERENCE, check, trace


def load(checkpoint: Path) -> GenerationDetector:
    """The averaged weights of a checkpoint."""
    model = GenerationDetector()
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    model.load_state_dict(state["averaged"])
    return model


def export(model: GenerationDetector, file: Path) -> float:
    """Write the graph with `logit` and `embedding`; returns how far OpenVINO's logits are off.

    Raises:
        ValueError: they are off by more than LARGEST_DIFFERENCE.
    """
    graph = trace(model)
    noise = np.random.default_rng(0).integers(0, 256, (8, CROP_SIDE, CROP_SIDE, 3), np.uint8)
    difference = check(model, graph, noise, at_most=LARGEST_DIFFERENCE)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(graph.SerializeToString())
    return difference


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="model.onnx")
    chosen = parser.parse_args(arguments)
    difference = export(load(chosen.checkpoint), chosen.out)
    print(f"{chosen.out}: {chosen.out.stat().st_size / 1e6:.1f} MB, off by {difference:.1e}")


if __name__ == "__main__":
    main(sys.argv[1:])
