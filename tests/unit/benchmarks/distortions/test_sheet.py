"""The contact sheet."""

from __future__ import annotations

from benchmarks.distortions.sheet import sheet
from tests.unit.benchmarks.distortions.builders import a_face, a_picture


def test_a_sheet_has_a_row_for_every_kind_with_or_without_a_face() -> None:
    with_face, without = sheet(a_picture(), [a_face()]), sheet(a_picture(), [])
    assert with_face.shape == without.shape
    assert with_face.shape[0] > 13 * 190
    assert with_face.std() > 20
