"""The score table keeps what was measured, and by what."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.table import LOGIT, SLICE, ScoreTable
from moderation.errors import InvalidConfiguration
from tests.unit.benchmarks.builders import a_row, a_table


def test_a_table_comes_back_as_it_was_written(tmp_path: Path) -> None:
    table = a_table(a_row("c1", reasons=["blurred"]), a_row("c2", label="fake"), left_out="gan")
    table.write(tmp_path / "deep" / "scores.parquet")
    read = ScoreTable.read(tmp_path / "deep" / "scores.parquet")
    assert read.run == table.run
    assert read.texts("clip_id").tolist() == ["c1", "c2"]
    assert read.rows()[0]["reasons"] == ["blurred"]
    assert read.rows()[0]["bundle_sha256"] == table.run.bundle_sha256


def test_each_detector_and_variable_has_a_column_and_unknown_is_not_zero() -> None:
    table = a_table(
        a_row("c1", logits={"blending": 1.0, "transitions": 2.0}, slices={"light": "dim"}),
        a_row("c2", logits={"blending": -1.0}),
    )
    assert table.named(LOGIT) == ["blending", "transitions"]
    assert table.numbers("logit_transitions")[0] == 2.0
    assert np.isnan(table.numbers("logit_transitions")[1])
    assert table.named(SLICE) == ["light"]
    assert table.texts("slice_light").tolist() == ["dim", ""]


def test_a_clip_without_a_face_has_no_probability() -> None:
    table = a_table(a_row(fake_probability=None, given_probability=None, faces_found=0))
    assert np.isnan(table.numbers("fake_probability")[0])


def test_what_is_no_score_table_is_refused_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "x.parquet"
    file.write_bytes(b"no parquet")
    with pytest.raises(InvalidConfiguration, match="no score table"):
        ScoreTable.read(file)


def test_a_table_of_another_format_is_refused(tmp_path: Path) -> None:
    table = a_table(a_row(), format=2)
    table.write(tmp_path / "scores.parquet")
    with pytest.raises(InvalidConfiguration, match="format 2"):
        ScoreTable.read(tmp_path / "scores.parquet")
