"""A report as a table: a line each ratio, growth and cost."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from rich import box
from rich.table import Table

from benchmarks.speed.findings import Findings, Growth, Ratio
from benchmarks.speed.report import Report

_COLUMNS = ("what", "value", "of the rounds", "goal", "met", "medians")


def table_of(report: Report) -> Table:
    """What to print; ratios and exponents first, then what things cost."""
    table = Table(
        box=box.SIMPLE, title=heading(report), title_justify="left", caption_justify="left"
    )
    for name in _COLUMNS:
        right = name in {"value", "goal"}
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for findings in report.findings:
        for row in _rows(findings):
            table.add_row(*row)
        table.add_section()
    table.caption = "\n".join(_notes(report))
    return table


def in_short(report: Report) -> str:
    """The ratios as a Markdown table, as the README has them."""
    rows = [
        f"| {ratio.name}: {ratio.ours} over {ratio.theirs} | {ratio.value:.2g} "
        f"({ratio.spread[0]:.2g} to {ratio.spread[1]:.2g}) | {_asked('≥', ratio.goal)} | "
        f"{_met(ratio.met)} |"
        for findings in report.findings
        for ratio in findings.ratios
        if ratio.goal is not None
    ]
    return "\n".join(["| what | found | goal | met |", "|---|---|---|---|", *rows]) + "\n"


def heading(report: Report) -> str:
    machine = report.machine
    after = "" if machine.load_after is None else f" to {machine.load_after:g}"
    small = "" if report.scale == 1 else f", at {report.scale:g} of the full size"
    return (
        f"Speed at {report.commit}, {report.began:%Y-%m-%d}: {machine.processors} processors "
        f"({machine.processor}), {machine.memory_gib:g} GiB, load {machine.load_before:g}{after}, "
        f"{report.rounds} rounds{small}"
    )


def _rows(findings: Findings) -> Iterator[tuple[str, ...]]:
    for ratio in findings.ratios:
        yield _ratio(ratio)
    for growth in findings.growths:
        yield _growth(growth)
    for cost in findings.costs:
        low, high = min(cost.values), max(cost.values)
        yield f"  {cost.name}", f"{cost.value:.3g}", f"{low:.3g} to {high:.3g}", "", "", cost.unit


def _ratio(ratio: Ratio) -> tuple[str, ...]:
    low, high = ratio.spread
    return (
        f"{ratio.name}: {ratio.ours} over {ratio.theirs}",
        f"{ratio.value:.3g}",
        f"{low:.3g} to {high:.3g}",
        _asked("≥", ratio.goal),
        _met(ratio.met),
        f"{median(ratio.over):.3g} and {median(ratio.under):.3g} {ratio.unit}",
    )


def _growth(growth: Growth) -> tuple[str, ...]:
    first, last = growth.medians[0], growth.medians[-1]
    return (
        f"{growth.name}: exponent over {growth.xs[0]:g} to {growth.xs[-1]:g} {growth.size}",
        f"{growth.exponent:.2f}",
        f"{growth.last_exponent:.2f} at the end",
        _asked("≤", growth.goal),
        _met(growth.met),
        f"{first:.3g} to {last:.3g} {growth.cost}",
    )


def _asked(how: str, goal: float | None) -> str:
    return "" if goal is None else f"{how} {goal:g}"


def _met(met: bool | None) -> str:
    return {None: "", True: "yes", False: "no"}[met]


def _notes(report: Report) -> Iterator[str]:
    for findings in report.findings:
        for note in findings.notes:
            yield f"{findings.question}: {note}"
    for question, why in report.left_out.items():
        yield f"{question}: left out: {why}"
