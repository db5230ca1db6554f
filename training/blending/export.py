"""Writes the trained network as ONNX: `python -m training.blending.export --help`.

It proves that the graph says the same as torch before anything is written.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

from inference.faces.crops import CROP_SIDE
from training.blending.model import BlendingDetector, Describing, imagenet_weights
from training.onnx_graphs import LARGEST_DIFFERENCE, LARGEST_ROUNDING, check, halve, trace

MOST_CROPS = 64


def to_onnx(model: BlendingDetector) -> onnx.ModelProto:
    """The graph crops (N 224 224 3, uint8) -> logit (N 1), embedding (N D), float32 weights."""
    return trace(Describing(model))


def load(checkpoint: Path | None) -> BlendingDetector:
    """The averaged weights of a checkpoint; without one, ImageNet's under an untrained head."""
    torch.manual_seed(0)
    model = BlendingDetector()
    if checkpoint is None:
        model.load_imagenet(imagenet_weights())
        return model
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    model.load_state_dict(state["averaged"])
    return model


def export(
    model: BlendingDetector, file: Path, crops: NDArray[np.uint8]
) -> tuple[float, float | None]:
    """Write the graph; returns its difference, and the one from half weights if they were used."""
    graph = to_onnx(model)
    difference = check(model, graph, crops, at_most=LARGEST_DIFFERENCE)
    rounding: float | None = None
    try:
        half = halve(graph)
        rounding = check(model, half, crops, at_most=LARGEST_ROUNDING)
        graph = half
    except ValueError as error:
        print(f"weights stay in float32: {error}")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(graph.SerializeToString())
    return difference, rounding


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, help="without it: ImageNet weights only")
    parser.add_argument("--model-dir", type=Path, required=True)
    parser.add_argument("--crops", type=Path, help=".npy of crops to compare on, else noise")
    chosen = parser.parse_args(arguments)
    if chosen.crops:
        crops = np.load(chosen.crops)[:MOST_CROPS]
    else:
        shape = (8, CROP_SIDE, CROP_SIDE, 3)
        crops = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    file = chosen.model_dir / "1" / "model.onnx"
    difference, rounding = export(load(chosen.checkpoint), file, crops)
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB, torch against OpenVINO {difference:.1e}")
    if rounding is not None:
        print(f"half weights: {rounding:.1e}")


if __name__ == "__main__":
    main(sys.argv[1:])
