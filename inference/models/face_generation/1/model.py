"""The network beside this file in Triton's Python backend, run by OpenVINO on the CPU.

Triton's own interpreter runs this: nothing of Veriscope can be imported here.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import openvino as ov
import triton_python_backend_utils as pb_utils

WEIGHTS = "model.onnx"
OUTPUTS = ("logit", "embedding")


class TritonPythonModel:
    def initialize(self, args):
        """Load the weights, or refuse: a client is told what the configuration says they are."""
        parameters = json.loads(args["model_config"])["parameters"]
        weights = Path(__file__).with_name(WEIGHTS)
        expected = parameters["weights_sha256"]["string_value"]
        found = hashlib.sha256(weights.read_bytes()).hexdigest()
        if found != expected:
            raise pb_utils.TritonModelException(
                f"{WEIGHTS} has the SHA-256 {found}, the configuration says {expected}"
            )
        # f32: bf16, which OpenVINO takes where the processor has it, moves the logits
        # that the calibration was fitted on.
        properties = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
        threads = int(parameters["inference_threads"]["string_value"])
        if threads:
            properties["INFERENCE_NUM_THREADS"] = threads
        compiled = ov.Core().compile_model(weights, "CPU", properties)
        self._run = compiled.create_infer_request()
        self._run.infer({"crops": np.zeros((1, 224, 224, 3), np.uint8)})

    def execute(self, requests):
        """Answer all requests that Triton batched by one run of the network."""
        crops = [pb_utils.get_input_tensor_by_name(r, "crops").as_numpy() for r in requests]
        try:
            answers = self._infer(np.concatenate(crops))  # N H W C, uint8
        except (RuntimeError, ValueError, MemoryError):
            # One request that cannot be run must not fail those it was batched with.
            return [self._respond_alone(one) for one in crops]
        bounds = np.cumsum([len(one) for one in crops])[:-1]
        parts = [np.split(answer, bounds) for answer in answers]
        return [_response(arrays) for arrays in zip(*parts, strict=True)]

    def _respond_alone(self, crops):
        try:
            return _response(self._infer(crops))
        except (RuntimeError, ValueError, MemoryError) as error:
            return pb_utils.InferenceResponse(error=pb_utils.TritonError(str(error)))

    def _infer(self, crops):
        self._run.infer({"crops": crops})
        # Copied: the buffers are written again by the next run.
        return [self._run.get_tensor(name).data.copy() for name in OUTPUTS]


def _response(arrays):
    return pb_utils.InferenceResponse(
        output_tensors=[
            pb_utils.Tensor(name, np.ascontiguousarray(array, dtype=np.float32))
            for name, array in zip(OUTPUTS, arrays, strict=True)
        ]
    )
