"""Cells of CSV: no spreadsheet runs what somebody else wrote."""

from __future__ import annotations

import pytest

from moderation.spreadsheets import as_text


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", " =1", "\uff1d1"])
def test_a_cell_that_could_be_a_formula_is_quoted(cell: str) -> None:
    assert as_text(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "a=1", "0.5", "holiday-2.mp4"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert as_text(cell) == cell
