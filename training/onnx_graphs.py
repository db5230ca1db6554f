"""Any detector as an ONNX graph: traced, stored in half the bits, held against torch."""

from __future__ import annotations

import io
import warnings

import numpy as np
import onnx
import openvino
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from inference.faces.crops import CROP_SIDE

OPSET = 17
LARGEST_DIFFERENCE = 1e-3  # of a logit, torch against OpenVINO, the same weights
LARGEST_ROUNDING = 3e-2  # of a logit, from storing weights in half the bits: 0.005 of a probability


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
