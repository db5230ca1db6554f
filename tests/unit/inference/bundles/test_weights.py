from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from inference.bundles.weights import (
    configurations,
    identify_weights,
    stamp,
)
from moderation.errors import ScorerMismatch


@pytest.fixture
def model_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "a_model"
    (folder / "1").mkdir(parents=True)
    (folder / "configs").mkdir()
    (folder / "1" / "model.onnx").write_bytes(b"weights")
    line = 'parameters { key: "weights_sha256" value: { string_value: "" } }\n'
    (folder / "config.pbtxt").write_text(f'name: "a_model"\n{line}')
    (folder / "configs" / "cpu.pbtxt").write_text(f"{line}max_batch_size: 64\n")
    return folder


def test_stamping_writes_the_weights_into_every_configuration(model_dir: Path) -> None:
    sha256 = stamp(model_dir)
    assert sha256 == hashlib.sha256(b"weights").hexdigest()
    for configuration in configurations(model_dir):
        assert f'{{ string_value: "{sha256}" }}' in configuration.read_text()
    assert "max_batch_size: 64" in (model_dir / "configs" / "cpu.pbtxt").read_text()


def test_of_several_versions_the_newest_is_stamped_for_triton_serves_that_one(
    model_dir: Path,
) -> None:
    for version in ("9", "10"):
        (model_dir / version).mkdir()
        (model_dir / version / "model.onnx").write_bytes(f"weights {version}".encode())

    assert stamp(model_dir) == hashlib.sha256(b"weights 10").hexdigest()


def test_other_weights_are_another_model(model_dir: Path) -> None:
    before = identify_weights(model_dir)
    (model_dir / "1" / "model.onnx").write_bytes(b"other weights")
    assert identify_weights(model_dir) != before


def test_a_model_without_weights_cannot_be_identified(tmp_path: Path) -> None:
    with pytest.raises(ScorerMismatch, match="cannot be read"):
        identify_weights(tmp_path)
