"""From tables to a measurement."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from benchmarks.comparisons import Comparison
from benchmarks.measuring import Draws, measure
from benchmarks.results import read_results, results_schema, write_results
from moderation.errors import InvalidConfiguration
from tests.unit.benchmarks.builders import a_row, a_table, some_rows

FEW = Draws(samples=60)
SWAPS = Comparison(name="swaps", forged=("swap",), real=("camera",), at_least=0.7)


def test_a_comparison_has_every_figure_with_an_interval_around_it() -> None:
    [swaps] = measure([a_table(*some_rows())], [SWAPS], draws=FEW).comparisons
    assert swaps.counts.forged == swaps.counts.real == swaps.counts.groups == 40
    for name, figure in swaps.metrics.items():
        assert figure.value is not None, name
        assert figure.low <= figure.value <= figure.high, name


def test_what_is_asked_is_met_from_there_on() -> None:
    table = a_table(*some_rows())
    auc = measure([table], [SWAPS], draws=FEW).comparisons[0].metrics["auc"].value
    for asked, met in ((auc, True), (auc + 1e-6, False)):
        wish = Comparison(name="x", forged=("swap",), real=("camera",), at_least=asked)
        assert measure([table], [wish], draws=FEW).comparisons[0].met is met


def test_more_than_trivial_is_asked_of_the_best_single_score() -> None:
    rows = [
        a_row("r1", fake_probability=0.1, trivial={"sharpness": 10.0}),
        a_row("f1", label="fake", fake_probability=0.9, trivial={"sharpness": 5.0}),
    ]
    wish = Comparison(name="x", forged=("camera",), real=("camera",), over_trivial=0.05)
    found = measure([a_table(*rows)], [wish], draws=FEW).comparisons[0]
    assert found.trivial["sharpness"] == 1.0  # in the direction that suits it
    assert found.met is False


def test_an_equalised_comparison_is_taken_from_the_table_that_was_equalised_so() -> None:
    plain = a_table(*some_rows(10, lift=0.0))
    equalised = a_table(*some_rows(10, lift=6.0), equalise="256,75")
    wish = Comparison(name="e", forged=("swap",), real=("camera",), equalise="256,75")
    found = measure([plain, equalised], [wish, SWAPS], draws=FEW)
    assert [one.name for one in found.comparisons] == ["e", "swaps"]
    assert found.comparisons[0].metrics["auc"].value > 0.95
    assert measure([plain], [wish], draws=FEW).not_compared == ("e",)


def test_groups_that_something_was_fitted_on_are_in_no_figure() -> None:
    rows = some_rows(10)
    found = measure(
        [a_table(*rows)], [SWAPS], draws=FEW, without_groups=[rows[0].group, rows[2].group]
    )
    assert found.all_clips.counts.groups == 8


def test_naming_a_clip_leaves_its_whole_group_out() -> None:
    rows = some_rows(10)
    for name in (rows[1].clip_id, f"made/{rows[0].clip_id}"):
        found = measure([a_table(*rows)], [], draws=FEW, without_groups=[name])
        assert found.all_clips.counts.groups == 9


def test_a_clip_without_a_face_is_counted_and_in_no_figure() -> None:
    blank = a_row("blank", fake_probability=None, given_probability=None, faces_found=0)
    found = measure([a_table(*some_rows(5), blank)], [], draws=FEW)
    assert found.all_clips.counts.without_face == 1
    assert found.all_clips.counts.real == 5


def test_reals_called_fake_are_counted_among_those_that_were_not_abstained_from() -> None:
    rows = [
        a_row("fake", label_given="fake", fake_probability=0.95),
        a_row("suspect", label_given="suspect", fake_probability=0.7),
        a_row("clear"),
        a_row("clear too"),
        a_row("unknown", label_given="unknown", abstained=True, fake_probability=0.99),
        a_row("rightly", label="fake", label_given="fake", fake_probability=0.99),
    ]
    found = measure([a_table(*rows)], [], draws=FEW).all_clips.metrics
    assert found["false_fakes"].value == 1 / 4
    assert found["abstained"].value == pytest.approx(1 / 6)
    assert found["accuracy"].value == pytest.approx(3 / 5)


def test_the_risk_curve_ends_at_the_error_of_all_clips() -> None:
    found = measure([a_table(*some_rows())], [], draws=FEW)
    assert found.risk_coverage.x[-1] == 1
    assert found.risk_coverage.y[-1] == pytest.approx(
        found.all_clips.metrics["error"].value, abs=1e-4
    )


def test_the_bins_of_the_reliability_picture_hold_every_clip() -> None:
    found = measure([a_table(*some_rows())], [], draws=FEW)
    assert sum(one.clips for one in found.reliability) == 80
    assert all(0 <= one.so <= 1 for one in found.reliability)


def test_the_better_slice_and_the_worse_are_named_with_their_distance() -> None:
    rows = [
        a_row(f"{light}-{number}", fake_probability=0.9 if light == "dim" and number < 10 else 0.1,
              slices={"light": light})
        for light in ("dim", "bright")
        for number in range(20)
    ]  # fmt: skip
    [gap] = [g for g in measure([a_table(*rows)], [], draws=FEW).gaps if g.variable == "light"]
    assert (gap.metric, gap.best, gap.worst, gap.gap) == ("false_flags", "bright", "dim", 0.5)


def test_a_slice_of_few_clips_says_nothing() -> None:
    def slices(count: int) -> list[str]:
        rows = [a_row(f"d{i}", slices={"light": "dim"}) for i in range(count)]
        rows += [a_row(f"b{i}", slices={"light": "bright"}) for i in range(30)]
        found = measure([a_table(*rows)], [], draws=FEW).slices
        return [one.value for one in found if one.variable == "light"]

    assert slices(20) == ["bright", "dim"]
    assert slices(19) == ["bright"]


def test_methods_are_told_by_compression() -> None:
    rows = [
        a_row(f"{label}{c}{i}", label=label, method=method, compression=c,
              fake_probability=p if c == "c23" else 0.5)
        for label, method, p in (("real", "camera", 0.1), ("fake", "swap", 0.9))
        for c in ("c23", "c40")
        for i in range(3)
    ]  # fmt: skip
    cells = measure([a_table(*rows)], [], draws=FEW).methods_by_compression
    assert {cell.trivial for cell in cells} == {0.5}  # sizes are all alike
    assert {(c.row, c.column): c.auc.value for c in cells} == {
        ("swap", "c23"): 1.0,
        ("swap", "c40"): 0.5,
    }


def test_tables_of_several_data_sets_are_measured_together() -> None:
    first = a_table(*some_rows(8))
    second = a_table(*[replace(row, data_set="other") for row in some_rows(8)])
    counts = measure([first, second], [], draws=FEW).all_clips.counts
    assert counts.forged + counts.real == len(first) + len(second)
    with pytest.raises(InvalidConfiguration, match="is in two score tables"):
        measure([first, first], [], draws=FEW)


def test_tables_of_two_bundles_are_not_mixed() -> None:
    one, other = a_table(a_row()), a_table(a_row(), bundle_sha256="0" * 64, equalise="256,75")
    with pytest.raises(InvalidConfiguration, match="several bundles"):
        measure([one, other], [], draws=FEW)


def test_results_come_back_as_written_and_follow_their_schema(tmp_path: Path) -> None:
    found = measure([a_table(*some_rows())], [SWAPS], draws=FEW)
    write_results(found, tmp_path / "m.json")
    assert read_results(tmp_path / "m.json") == found
    import json

    jsonschema.validate(json.loads((tmp_path / "m.json").read_text()), results_schema())


def test_a_file_that_holds_no_results_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text('{"kind": "measurement", "format": 2}')
    with pytest.raises(InvalidConfiguration):
        read_results(tmp_path / "m.json")


def test_the_same_tables_give_the_same_figures() -> None:
    table = a_table(*some_rows())
    assert measure([table], [SWAPS], draws=FEW) == measure([table], [SWAPS], draws=FEW)
