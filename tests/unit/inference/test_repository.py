"""The model repository's configurations: one contract, for the GPU and for the CPU."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from inference.weights import REPOSITORY, configurations

CONFIGURATIONS = configurations(REPOSITORY / "face_blending")


def parse(path: Any) -> Any:
    return text_format.Parse(path.read_text(), model_config_pb2.ModelConfig())


def test_there_is_one_for_the_gpu_and_one_for_the_cpu() -> None:
    assert [(path.name, parse(path).backend) for path in CONFIGURATIONS] == [
        ("config.pbtxt", "onnxruntime"),
        ("cpu.pbtxt", "python"),
    ]


def test_a_client_cannot_tell_which_of_them_is_served() -> None:
    gpu, cpu = map(parse, CONFIGURATIONS)
    assert (gpu.name, gpu.max_batch_size) == (cpu.name, cpu.max_batch_size)
    assert list(gpu.input) == list(cpu.input)
    assert list(gpu.output) == list(cpu.output)


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.name)
def test_the_contract_is_that_of_the_scorer(path: Any) -> None:
    served = parse(path)
    assert [(one.name, list(one.dims)) for one in served.input] == [("crops", [224, 224, 3])]
    assert [(one.name, list(one.dims)) for one in served.output] == [
        ("logit", [1]),
        ("embedding", [1280]),
    ]
    assert served.max_batch_size == 64


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.name)
def test_requests_wait_for_company_but_never_in_a_queue_with_policies(path: Any) -> None:
    """Queue policies and priorities made requests stand still for seconds."""
    batching = parse(path).dynamic_batching
    assert {field.name for field, _ in batching.ListFields()} == {
        "preferred_batch_size",
        "max_queue_delay_microseconds",
    }
    assert batching.max_queue_delay_microseconds <= 5_000
