from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.speed.drawing import draw
from benchmarks.speed.findings import Cost, Findings, Growth, Ratio
from benchmarks.speed.report import Report, begin_report, read_report, write_report
from benchmarks.speed.telling import table_of
from moderation.errors import InvalidConfiguration

RATIO = Ratio(
    name="transport",
    ours="the stream",
    theirs="aiokafka alone",
    unit="uploads a second",
    over=(300.0, 500.0, 400.0),
    under=(1000.0, 1000.0, 900.0),
    goal=0.5,
)
GROWTH = Growth(
    name="uploads that wait, time",
    size="uploads",
    cost="s",
    xs=(10.0, 100.0),
    ys=((1.0, 1.2), (9.0, 11.0)),
    goal=1.1,
)
COST = Cost(name="worker", unit="processor ms an upload", values=(3.0, 5.0))


def a_report() -> Report:
    found = Findings(
        question="transport",
        ratios=(RATIO,),
        growths=(GROWTH,),
        costs=(COST,),
        notes=("one worker",),
    )
    began = begin_report(rounds=3, scale=0.5)
    return replace(began, findings=(found,), left_out={"usual": "no torch"})


def test_a_report_that_is_read_is_the_one_that_was_written(tmp_path: Path) -> None:
    report = a_report()
    write_report(report, tmp_path / "results" / "speed.json")
    assert read_report(tmp_path / "results" / "speed.json") == report


def test_a_file_that_holds_something_else_is_no_report(tmp_path: Path) -> None:
    (tmp_path / "speed.json").write_text('{"kind": "measurement"}')
    with pytest.raises(InvalidConfiguration, match="no report of speed"):
        read_report(tmp_path / "speed.json")


def test_the_table_tells_value_spread_goal_and_what_was_left_out() -> None:
    console = Console(width=200, record=True, file=None)
    with console.capture() as shown:
        console.print(table_of(a_report()))
    lines = shown.get().splitlines()
    (ratio,) = [line for line in lines if "aiokafka alone" in line]
    assert all(
        cell in ratio for cell in ("0.4", "0.3 to 0.5", "≥ 0.5", "no", "400 and 1e+03 uploads")
    )
    (growth,) = [line for line in lines if "exponent" in line]
    assert all(cell in growth for cell in ("0.96", "≤ 1.1", "yes", "1.1 to 10 s"))
    assert any("usual: left out: no torch" in line for line in lines)
    assert any("3 rounds, at 0.5 of the full size" in line for line in lines)


def test_a_report_is_drawn_and_an_empty_one_is_not(tmp_path: Path) -> None:
    draw(a_report(), tmp_path / "full.png")
    draw(begin_report(rounds=1, scale=1.0), tmp_path / "empty.png")
    assert (tmp_path / "full.png").stat().st_size > 10_000
    assert not (tmp_path / "empty.png").exists()
