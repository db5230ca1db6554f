"""Writes the trained network as ONNX into the model repository, and proves that it says the same.

python -m training.export --checkpoint OUT/best.pt --model-dir inference/models/face_blending
"""

from __future__ import annotations

import argparse
import io
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import openvino
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from inference.faces.crops import CROP_SIDE
from training.model import BlendingDetector, Describing, imagenet_weights

OPSET = 17
MOST_CROPS = 64
LARGEST_DIFFERENCE = 1e-3  # of a logit, torch against OpenVINO, the same weights
LARGEST_ROUNDING = 1e-2  # of a logit, from storing weights in half the bits


def to_onnx(model: BlendingDetector) -> onnx.ModelProto:
    """The graph crops (N 224 224 3, uint8) -> logit (N 1), embedding (N D), float32 weights."""
    return trace(Describing(model))


def trace(module: nn.Module) -> onnx.ModelProto:
    """Any detector that answers crops (N 224 224 3, uint8) by logit (N 1) and embedding (N D)."""
    example = torch.zeros(2, CROP_SIDE, CROP_SIDE, 3, dtype=torch.uint8)
    file = io.BytesIO()
    names = ("crops", "logit", "embedding")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracing exporter is deprecated, but folds norms
        torch.onnx.export(
            module.eval(),
            (example,),
            file,
            dynamo=False,
            opset_version=OPSET,
            input_names=list(names[:1]),
            output_names=list(names[1:]),
            dynamic_axes={name: {0: "batch"} for name in names},
        )
    return onnx.load_from_string(file.getvalue())


def halve(graph: onnx.ModelProto) -> onnx.ModelProto:
    """Store weights as float16 under a cast to float32, which runtimes fold on loading."""
    halved = onnx.ModelProto()
    halved.CopyFrom(graph)
    casts = []
    for tensor in halved.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < 64:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
        casts.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *halved.graph.node]
    del halved.graph.node[:]
    halved.graph.node.extend(nodes)
    onnx.checker.check_model(halved)
    return halved


def run(graph: onnx.ModelProto, crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], ...]:
    """Logit (N 1) and embedding (N D) as OpenVINO computes them in float32."""
    core = openvino.Core()
    compiled = core.compile_model(
        core.read_model(graph.SerializeToString()), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    )
    answer = compiled(crops)
    return answer["logit"], answer["embedding"]


def check(
    model: nn.Module, graph: onnx.ModelProto, crops: NDArray[np.uint8], *, at_most: float
) -> float:
    """The largest difference between the logits of torch and of the graph.

    Raises:
        ValueError: it is over `at_most`.
    """
    with torch.inference_mode():
        expected = model.eval()(torch.from_numpy(crops))[0].numpy()
    difference = float(np.abs(expected - run(graph, crops)[0]).max())
    if difference > at_most:
        raise ValueError(f"the exported logits are off by {difference:.2g}, more than {at_most}")
    return difference


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
