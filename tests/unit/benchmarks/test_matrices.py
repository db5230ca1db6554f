"""Generalisation and robustness, and the pictures of all results."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.comparisons import Comparison
from benchmarks.generalisation import NOTHING, generalisation
from benchmarks.measuring import Draws, measure
from benchmarks.pictures import draw_all
from benchmarks.results import write_results
from benchmarks.robustness import robustness
from moderation.errors import InvalidConfiguration
from tests.unit.benchmarks.builders import a_row, a_table, some_rows

FEW = Draws(samples=60)


def two_methods(lift_swap: float, lift_gan: float):
    return [
        *some_rows(20, method="swap", lift=lift_swap),
        *some_rows(20, method="gan", seed=1, lift=lift_gan),
    ]


def test_the_matrix_frames_what_was_not_seen_in_training() -> None:
    tables = [
        a_table(*two_methods(0.2, 4.0), left_out="swap"),
        a_table(*two_methods(4.0, 0.2), left_out="gan"),
        a_table(*two_methods(4.0, 4.0)),
    ]
    found = generalisation(tables, draws=FEW)
    assert found.rows == ("gan", "swap", NOTHING)
    assert found.columns == ("gan", "swap")
    assert {(c.row, c.column) for c in found.cells if c.unseen} == {
        ("gan", "gan"),
        ("swap", "swap"),
    }
    auc = {(c.row, c.column): c.auc.value for c in found.cells}
    assert auc["swap", "gan"] > 0.95 > auc["swap", "swap"]


def test_data_sets_may_be_left_out_instead_and_several_at_once() -> None:
    rows = [replace(row, data_set="a") for row in some_rows(5)]
    rows += [replace(row, data_set="b") for row in some_rows(5, method="gan", seed=1)]
    found = generalisation([a_table(*rows, left_out="a, b")], by="data_set", draws=FEW)
    assert found.columns == ("a", "b")
    assert all(cell.unseen for cell in found.cells)


def test_a_column_that_is_equalised_takes_its_row_from_the_table_that_is() -> None:
    column = Comparison(name="e", forged=("swap",), real=("camera",), equalise="256,75")
    tables = [
        a_table(*some_rows(9), left_out="swap"),
        a_table(*some_rows(9, lift=9.0), left_out="swap", equalise="256,75"),
    ]
    [cell] = generalisation(tables, comparisons=[column], draws=FEW).cells
    assert cell.auc.value > 0.95
    assert cell.unseen


def test_a_column_is_framed_only_where_nothing_in_it_was_seen() -> None:
    both = Comparison(name="both", forged=("swap", "gan"), real=("camera",))
    for left_out, unseen in (("swap", False), ("swap, gan", True)):
        table = a_table(*two_methods(1.0, 1.0), left_out=left_out)
        [cell] = generalisation([table], comparisons=[both], draws=FEW).cells
        assert cell.unseen is unseen


def test_tables_that_are_equalised_have_columns_of_their_own() -> None:
    rows = some_rows(9)
    plain, equalised = a_table(*rows), a_table(*rows, equalise="256,75")
    assert generalisation([equalised], draws=FEW).columns == ("swap",)
    found = generalisation([plain, equalised], draws=FEW)
    assert found.columns == ("swap", "swap, 256,75")
    assert len(found.cells) == 2


def test_tables_of_one_run_are_one_row_and_their_reals_count_together() -> None:
    one = [replace(row, data_set="a") for row in some_rows(9)]
    other = [replace(row, data_set="b") for row in some_rows(5, seed=1, real="phone")]
    [cell] = generalisation([a_table(*one), a_table(*other)], draws=FEW).cells
    assert (cell.counts.forged, cell.counts.real) == (14, 14)


def test_reals_of_every_tables_data_set_stand_beside_a_method() -> None:
    one, other = some_rows(9), some_rows(5, seed=1, real="phone")
    tables = [a_table(*one, left_out="swap"), a_table(*other, left_out="gan")]
    found = generalisation(tables, draws=FEW)
    assert {(c.row, c.counts.real) for c in found.cells} == {("swap", 9), ("gan", 5)}


def test_a_distorted_table_has_no_place_in_the_matrix() -> None:
    with pytest.raises(InvalidConfiguration, match="distorted"):
        generalisation([a_table(*some_rows(5), distortion="jpeg:mild")])


def test_a_drop_is_between_equal_clips() -> None:
    before = some_rows(30, lift=4.0)
    after = [replace(row, fake_probability=0.5, given_probability=0.5) for row in before]
    found = robustness(a_table(*before), [a_table(*after, distortion="blur:strong")], [], draws=FEW)
    [one] = found.distorted
    assert (one.distortion, one.strength, one.family) == ("blur", "strong", "quality")
    assert one.auc.value == 0.5
    assert one.drop.value == pytest.approx(found.undistorted.value - 0.5)
    assert one.drop.low <= one.drop.value <= one.drop.high
    assert one.lost_faces == 0


def test_a_face_that_is_lost_is_told_and_leaves_both_sides() -> None:
    before = some_rows(10, lift=4.0)
    after = [replace(before[0], fake_probability=None, given_probability=None), *before[1:]]
    [one] = robustness(
        a_table(*before), [a_table(*after, distortion="blur:mild")], [], draws=FEW
    ).distorted
    assert one.lost_faces == pytest.approx(1 / 20)
    assert one.drop.value == 0


def test_comparisons_count_alike_whatever_their_number_of_clips() -> None:
    easy = some_rows(40, lift=9.0)
    hard = [
        a_row(f"h{label}{i}", label=label, method=f"hard-{label}", group=f"h{i}",
              fake_probability=0.5)
        for label in ("real", "fake")
        for i in range(4)
    ]  # fmt: skip
    both = [
        Comparison(name="easy", forged=("swap",), real=("camera",)),
        Comparison(name="hard", forged=("hard-fake",), real=("hard-real",)),
    ]
    found = robustness(a_table(*easy, *hard), [], both, draws=FEW)
    assert found.undistorted.value == pytest.approx(0.75, abs=0.01)


def test_every_kind_of_results_is_drawn_by_one_call(tmp_path: Path) -> None:
    rows = [replace(r, compression=f"c{i % 4 // 2}") for i, r in enumerate(some_rows())]
    table = a_table(*rows)
    write_results(measure([table], [], draws=FEW), tmp_path / "m.json")
    write_results(generalisation([table], draws=FEW), tmp_path / "g.json")
    distorted = a_table(*some_rows(), distortion="jpeg:mild")
    write_results(robustness(table, [distorted], [], draws=FEW), tmp_path / "r.json")
    drawn = draw_all([tmp_path / name for name in ("m.json", "g.json", "r.json")], tmp_path / "p")
    assert {path.name for path in drawn} == {
        "risk-coverage.png",
        "reliability.png",
        "comparisons.png",
        "methods-by-compression.png",
        "generalisation-by-method.png",
        "robustness.png",
    }
    for path in drawn:
        with Image.open(path) as picture:
            shades = len(set(picture.convert("L").resize((64, 64)).tobytes()))
        assert shades > 5, path
        assert path.stat().st_size < 120_000


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    write_results(measure([a_table(*some_rows(9))], [], draws=FEW), tmp_path / "m.json")
    once, again = (draw_all([tmp_path / "m.json"], tmp_path / name) for name in ("1", "2"))
    assert [p.read_bytes() for p in once] == [p.read_bytes() for p in again]


def test_two_measurements_do_not_overwrite_each_other(tmp_path: Path) -> None:
    for name in ("ours", "theirs"):
        write_results(measure([a_table(*some_rows(9))], [], draws=FEW), tmp_path / f"{name}.json")
    drawn = draw_all([tmp_path / "ours.json", tmp_path / "theirs.json"], tmp_path)
    assert {"ours-reliability.png", "theirs-reliability.png"} <= {path.name for path in drawn}
