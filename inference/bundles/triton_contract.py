"""What a model's configuration for Triton must say to be served in a bundle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf import text_format  # type: ignore[import-untyped]
from tritonclient.grpc import model_config_pb2

from inference.bundles.manifest import ModelDetector
from inference.bundles.weights import PARAMETER
from inference.faces.crops import CROP_SIDE
from moderation.errors import InvalidConfiguration

LARGEST_REQUEST = 32  # crops; what `inference.scoring.batching` sends at most
BACKENDS = ("onnxruntime", "python")

# With any other field something else than the contract might be served: other files than
# model.onnx (`cc_model_filenames`), libraries (`model_operations`), several versions
# (`version_policy`), or several models as one (`ensemble_scheduling`).
_FIELDS = frozenset(
    {
        "name",
        "backend",
        "max_batch_size",
        "input",
        "output",
        "instance_group",
        "dynamic_batching",
        "optimization",
        "model_warmup",
        "parameters",
    }
)
# Backends take parameters of many kinds, among them an archive with an interpreter in it
# (`EXECUTION_ENV_PATH`), libraries with operators and plug-ins, and caches of compiled engines.
_PARAMETERS = frozenset(
    {PARAMETER, "inference_threads", "intra_op_thread_count", "inter_op_thread_count"}
)
_ACCELERATORS = frozenset({"tensorrt", "openvino"})
_CACHE_PATH, _CACHE = "trt_engine_cache_path", "/tmp/veriscope-engines"  # noqa: S108 (Triton's own)
_OF_ACCELERATORS = frozenset(
    {
        "precision_mode",
        "max_workspace_size_bytes",
        "trt_engine_cache_enable",
        _CACHE_PATH,
        "trt_profile_min_shapes",
        "trt_profile_opt_shapes",
        "trt_profile_max_shapes",
    }
)


def check_configuration(
    content: bytes, detector: ModelDetector, *, weights_sha256: str, of: str
) -> str:
    """See that a `.pbtxt` serves a detector's weights under the contract; return its backend.

    Raises:
        InvalidConfiguration: it does not, or says more than the contract knows; `of` names it.
    """
    try:
        served = text_format.Parse(content.decode(), model_config_pb2.ModelConfig())
    except (text_format.ParseError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidConfiguration(f"{of}: {' '.join(str(error).split())}") from error
    for fault in _faults(served, detector, weights_sha256):
        raise InvalidConfiguration(f"{of}: {fault}")
    return str(served.backend)


def _faults(served: Any, detector: ModelDetector, weights_sha256: str) -> Iterator[str]:
    surplus = sorted({field.name for field, _ in served.ListFields()} - _FIELDS)
    if surplus:
        yield f"{surplus[0]} is nothing that a bundle may set"
    if served.name != detector.model:
        yield f"it is called {served.name!r}, the manifest says {detector.model!r}"
    if served.backend not in BACKENDS:
        yield f"the backend {served.backend!r} is none of {', '.join(BACKENDS)}"
    if served.max_batch_size < LARGEST_REQUEST:
        yield f"max_batch_size is {served.max_batch_size}, requests hold {LARGEST_REQUEST} crops"
    inputs = [(one.name, one.data_type, tuple(one.dims)) for one in served.input]
    if inputs != [("crops", model_config_pb2.TYPE_UINT8, (CROP_SIDE, CROP_SIDE, 3))]:
        yield "its input must be crops, TYPE_UINT8, [ 224, 224, 3 ], and nothing else"
    outputs = [(one.name, one.data_type, tuple(one.dims)) for one in served.output]
    if outputs != [
        ("logit", model_config_pb2.TYPE_FP32, (1,)),
        ("embedding", model_config_pb2.TYPE_FP32, (detector.embedding,)),
    ]:
        yield (
            "its outputs must be logit, TYPE_FP32, [ 1 ], and embedding, TYPE_FP32, "
            f"[ {detector.embedding} ], as the manifest says"
        )
    said = served.parameters[PARAMETER].string_value if PARAMETER in served.parameters else ""
    if said != weights_sha256:
        yield f"{PARAMETER} is {said[:12] or 'missing'}, the weights are {weights_sha256[:12]}"
    for name in sorted(set(served.parameters) - _PARAMETERS):
        yield f"the parameter {name} is nothing that a bundle may set"
    yield from _faults_of_optimization(served.optimization)


def _faults_of_optimization(optimization: Any) -> Iterator[str]:
    surplus = {field.name for field, _ in optimization.ListFields()} - {"execution_accelerators"}
    for name in sorted(surplus):
        yield f"optimization: {name} is nothing that a bundle may set"
    chosen = optimization.execution_accelerators
    for one in [*chosen.gpu_execution_accelerator, *chosen.cpu_execution_accelerator]:
        if one.name not in _ACCELERATORS:
            yield f"the accelerator {one.name!r} is none of {', '.join(sorted(_ACCELERATORS))}"
        for name in sorted(set(one.parameters) - _OF_ACCELERATORS):
            yield f"{one.name}: {name} is nothing that a bundle may set"
        if one.parameters.get(_CACHE_PATH, _CACHE) != _CACHE:
            yield f"{one.name}: {_CACHE_PATH} is another than {_CACHE}"
