"""A report as one picture: ratios beside their goals, and how costs grow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.figures import BLUE, GREY, ORANGE
from benchmarks.pictures import DPI, STYLE
from benchmarks.speed.findings import Growth, Ratio
from benchmarks.speed.report import Report
from benchmarks.speed.telling import heading

_WIDE = 3  # plots beside each other


def draw(report: Report, file: Path) -> None:
    """Write the picture; nothing where nothing was found."""
    ratios = [ratio for findings in report.findings for ratio in findings.ratios]
    growths = [growth for findings in report.findings for growth in findings.growths]
    if not ratios and not growths:
        return
    with matplotlib.rc_context(STYLE):
        figure = _figure(ratios, growths)
        figure.suptitle(heading(report), fontsize=8, color=GREY, wrap=True)
        figure.savefig(file, dpi=DPI, metadata={"Software": None})


def _figure(ratios: Sequence[Ratio], growths: Sequence[Growth]) -> Figure:
    rows = -(-len(growths) // _WIDE)
    heights = ([0.6 + 0.32 * len(ratios)] if ratios else []) + [2.6] * rows
    figure = Figure(figsize=(10, 0.6 + sum(heights)))
    grid = figure.add_gridspec(len(heights), _WIDE, height_ratios=heights)
    if ratios:
        _ratios(figure.add_subplot(grid[0, :]), ratios)
    for number, growth in enumerate(growths):
        row, column = divmod(number, _WIDE)
        _growth(figure.add_subplot(grid[row + bool(ratios), column]), growth)
    return figure


def _ratios(axes: Axes, ratios: Sequence[Ratio]) -> None:
    """A dot each, with the spread of its rounds; a bar across where its goal is."""
    for place, ratio in enumerate(ratios):
        axes.plot(ratio.spread, [place, place], color=BLUE)
        axes.plot([ratio.value], [place], "o", color=BLUE)
        if ratio.goal is not None:
            axes.plot([ratio.goal], [place], "|", color=ORANGE, markersize=16, markeredgewidth=2)
    axes.set_xscale("log")
    axes.set_yticks(range(len(ratios)), [f"{one.name} ({one.value:.2g})" for one in ratios])
    axes.set_ylim(len(ratios) - 0.5, -0.5)
    axes.axvline(1, color=GREY, linestyle=":")
    axes.set_xlabel("ratio; spread of the rounds; orange: goal")


def _growth(axes: Axes, growth: Growth) -> None:
    for x, values in zip(growth.xs, growth.ys, strict=True):
        axes.plot([x] * len(values), values, ".", color=GREY)
    axes.plot(growth.xs, growth.medians, "o-", color=BLUE)
    axes.set(xscale="log", yscale="log", xlabel=growth.size, ylabel=growth.cost)
    axes.set_title(f"{growth.name}: exponent {growth.exponent:.2f}")
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, growth.medians[0] / 3), max(high, growth.medians[-1] * 3))
