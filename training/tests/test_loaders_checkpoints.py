"""Checkpoints are read without running them, and refused in one line."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
import torch

from moderation.errors import InvalidConfiguration
from training.loaders.__main__ import default_name, main
from training.loaders.checkpoints import read_state, take_over
from training.tests.foreign_keras import write_meso4


class Runs:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.folder),)


def refusal(path: Path) -> str:
    with pytest.raises(InvalidConfiguration) as refused:
        read_state(path)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("save", [torch.save, lambda it, path: path.write_bytes(pickle.dumps(it))])
def test_what_is_in_a_checkpoint_never_runs(tmp_path: Path, save) -> None:
    save({"state_dict": {"a": torch.zeros(1)}, "more": Runs(tmp_path / "ran")}, tmp_path / "c")
    assert "without running code" in refusal(tmp_path / "c")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"no checkpoint", b"PK\x03\x04" + b"\0" * 100, b"\x80\x02}q\x00.", b"\x80\x05\x95"],
)
def test_bytes_that_are_no_checkpoint_are_refused(tmp_path: Path, content: bytes) -> None:
    for name in ("weights.pth", "weights.safetensors"):
        (tmp_path / name).write_bytes(content)
        refusal(tmp_path / name)


def test_a_file_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    torch.save({"a": torch.randn(1000)}, tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    for share in (0.1, 0.5, 0.9, 0.99):
        (tmp_path / "cut").write_bytes(whole[: int(len(whole) * share)])
        refusal(tmp_path / "cut")


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({}, "no tensors"),
        ({"a": 3}, "is no tensor, but int"),
        ([torch.zeros(1)], "holds list"),
        ({"a": torch.tensor([float("nan")])}, "not finite"),
        ({"a": torch.zeros(2).to_sparse()}, "no plain tensor"),
    ],
)
def test_only_finite_tensors_by_name_are_taken(tmp_path: Path, state, message: str) -> None:
    torch.save(state, tmp_path / "c")
    assert message in refusal(tmp_path / "c")


def test_every_tensor_must_be_wanted_there_and_of_its_shape() -> None:
    layer = torch.nn.Linear(2, 1)
    good = {"weight": torch.ones(1, 2), "bias": torch.ones(1)}
    take_over(layer, good, of="c", whose="a layer")
    assert layer.weight.sum() == 2
    for state, message in (
        ({"weight": good["weight"]}, "c: a layer also has 'bias'"),
        (good | {"more": good["bias"], "rest": good["bias"]}, "does not have 'more' and 1 more"),
        (good | {"bias": torch.ones(3)}, "c: bias is 3, of a layer it would be 1"),
    ):
        with pytest.raises(InvalidConfiguration, match=message):
            take_over(layer, state, of="c", whose="a layer")


def test_the_command_says_what_is_wrong_in_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    path, _ = write_meso4(tmp_path / "meso.h5")
    (tmp_path / "there").mkdir()
    for arguments, message in (
        (["sbi", str(path), "--out", str(tmp_path / "new")], "error: .*meso.h5"),
        (["mesonet", str(path), "--out", str(tmp_path / "there")], "error: .* is there already"),
        (
            ["mesonet", str(path), "--out", str(tmp_path / "new"), "--head", "plain"],
            "error: .*only clip-linear",
        ),
        (
            ["mesonet", str(path), "--out", str(tmp_path / "new"), "--name", "../up"],
            "error: .*name",
        ),
    ):
        with pytest.raises(SystemExit, match=message) as ended:
            main(arguments)
        assert "\n" not in str(ended.value)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["meso.h5", "there"]


def test_a_bundle_is_called_after_its_file() -> None:
    assert default_name("mesonet", Path("Meso4_DF.h5")) == "mesonet-meso4_df"
    assert default_name("dfdc-b7", Path("a b/Final 999!_" + "x" * 60)).startswith(
        "dfdc-b7-final-999"
    )
    assert len(default_name("dfdc-b7", Path("x" * 60))) == 40
