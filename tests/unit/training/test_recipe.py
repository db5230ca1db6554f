"""The recipe `training/bundle.mk`, by `make` itself and a stand-in for the programs it calls."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
RECIPE = ROOT / "training" / "bundle.mk"

# Writes best.pt into --out, as a training that checks itself does, and ends as it is told to.
PYTHON = """#!/bin/sh
echo "$@" >> "$(dirname "$0")/calls"
while [ $# -gt 0 ]; do [ "$1" = --out ] && out=$2; shift; done
mkdir -p "$out"; echo weights > "$out/best.pt"
exit $(cat "$(dirname "$0")/ends_with")
"""


@pytest.fixture
def bin_(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "python").write_text(PYTHON)
    (folder / "python").chmod(0o755)
    (folder / "ends_with").write_text("0")
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces" / "crops.npy").touch()
    return folder


def make(target: str, bin_: Path) -> int:
    work = bin_.parent
    asked = ["make", "-f", str(RECIPE), f"WORK={work}", f"BIN={bin_}", str(work / target)]
    return subprocess.run(asked, cwd=ROOT, capture_output=True, check=False).returncode


def test_every_program_of_the_makefile_exists() -> None:
    named = re.findall(r"\$\(PYTHON\) ([a-z_.]+)", RECIPE.read_text())
    assert len(named) > 8
    for name in named:
        assert (ROOT / f"{name.replace('.', '/')}.py").is_file(), name


def test_a_training_that_was_stopped_keeps_its_best_weights_and_goes_on(bin_: Path) -> None:
    (bin_ / "ends_with").write_text("1")
    assert make("run/trained", bin_) != 0
    assert (bin_.parent / "run" / "best.pt").is_file()
    (bin_ / "ends_with").write_text("0")
    assert make("run/trained", bin_) == 0
    assert len((bin_ / "calls").read_text().splitlines()) == 2


def test_each_part_of_the_training_starts_from_the_one_before(bin_: Path) -> None:
    assert make("face_blending/1/model.onnx", bin_) == 0
    work, calls = bin_.parent, (bin_ / "calls").read_text().splitlines()
    assert [re.findall(r"--(?:start|checkpoint) (\S+)", call) for call in calls] == [
        [],
        [f"{work}/run/best.pt"],
        [f"{work}/tuned/best.pt"],
        [f"{work}/tuned2/best.pt"],
    ]
    assert ["tuning.yaml" in call for call in calls] == [False, True, True, False]
