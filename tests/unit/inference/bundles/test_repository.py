"""The packaged bundle is whole; its models serve alike on the GPU and on the CPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from inference.bundles.archives import strange_code
from inference.bundles.bundle import PACKAGED, open_bundle, read_bundle
from inference.bundles.weights import configurations

MODELS = [PACKAGED / detector.model for detector in open_bundle(PACKAGED).manifest.models]
CONFIGURATIONS = [path for model in MODELS for path in configurations(model)]
MOST_BYTES = 20_000_000


def parse(path: Any) -> Any:
    return text_format.Parse(path.read_text(), model_config_pb2.ModelConfig())


def test_the_packaged_bundle_is_whole_and_brings_no_strange_code() -> None:
    assert strange_code(read_bundle(PACKAGED)) == []


def test_the_packaged_bundle_is_small_enough_to_be_committed() -> None:
    manifest = open_bundle(PACKAGED).manifest
    assert sum((PACKAGED / path).stat().st_size for path in manifest.files) < MOST_BYTES


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.name)
def test_there_is_one_for_the_gpu_and_one_for_the_cpu(model: Path) -> None:
    assert [(path.name, parse(path).backend) for path in configurations(model)] == [
        ("config.pbtxt", "onnxruntime"),
        ("cpu.pbtxt", "python"),
    ]


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.name)
def test_a_client_cannot_tell_which_of_them_is_served(model: Path) -> None:
    gpu, cpu = map(parse, configurations(model))
    assert (gpu.name, gpu.max_batch_size) == (cpu.name, cpu.max_batch_size)
    assert list(gpu.input) == list(cpu.input)
    assert list(gpu.output) == list(cpu.output)


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.name)
def test_requests_wait_for_company_but_never_in_a_queue_with_policies(path: Any) -> None:
    """Queue policies and priorities made requests stand still for seconds."""
    batching = parse(path).dynamic_batching
    assert {field.name for field, _ in batching.ListFields()} == {
        "preferred_batch_size",
        "max_queue_delay_microseconds",
    }
    assert batching.max_queue_delay_microseconds <= 5_000
