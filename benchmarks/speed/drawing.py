"""A report as one picture: ratios beside their goals, and how costs grow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from benchmarks.figures import BLUE, GREY, ORANGE
from benchmarks.pictures import DPI, STYLE
from benchmarks.speed.findings import Growth, Ratio
from benchmarks.speed.report import Report
from benchmarks.speed.telling import heading

_WIDE = 3  # plots beside each other
_APART = 1.3  # labels of ticks that are nearer would cover each other
_PLAIN = FuncFormatter(lambda value, _: f"{value:g}")


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
    heights = [0.8 + 0.32 * len(ratios), 2.6 * rows]
    figure = Figure(figsize=(10, 0.6 + sum(heights)))
    halves = figure.subfigures(2, 1, squeeze=False, height_ratios=[max(0.01, h) for h in heights])
    above, below = halves[:, 0]
    if ratios:
        _ratios(above.subplots(), ratios)
    if growths:
        places = below.subplots(rows, _WIDE, squeeze=False).flat
        for axes, growth in zip(places, growths, strict=False):
            _growth(axes, growth)
        for axes in list(places)[len(growths) :]:
            axes.set_axis_off()
    return figure


def _ratios(axes: Axes, ratios: Sequence[Ratio]) -> None:
    """A dot each, with the spread of its rounds; a bar across where its goal is."""
    for place, ratio in enumerate(ratios):
        axes.plot(ratio.spread, [place, place], color=BLUE)
        axes.plot([ratio.value], [place], "o", color=BLUE)
        if ratio.goal is not None:
            axes.plot([ratio.goal], [place], "|", color=ORANGE, markersize=16, markeredgewidth=2)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(_PLAIN)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_yticks(range(len(ratios)), [f"{one.name} ({one.value:.3g})" for one in ratios])
    axes.set_ylim(len(ratios) - 0.5, -0.5)
    axes.axvline(1, color=GREY, linestyle=":")
    axes.set_xlabel("ratio; spread of the rounds; orange: goal")


def _growth(axes: Axes, growth: Growth) -> None:
    for x, values in zip(growth.xs, growth.ys, strict=True):
        axes.plot([x] * len(values), values, ".", color=GREY)
    axes.plot(growth.xs, growth.medians, "o-", color=BLUE)
    axes.set(xscale="log", yscale="log", xlabel=growth.size, ylabel=growth.cost)
    axes.set_title(f"{growth.name}\nexponent {growth.exponent:.2f}", fontsize=9)
    low, high = axes.get_ylim()
    axes.set_ylim(low / 2, high * 2)  # what is flat is to look flat
    first, last = growth.medians[0], growth.medians[-1]
    ticks = [last] if 1 / _APART < last / first < _APART else [first, last]
    axes.set_yticks(ticks, [f"{tick:.3g}" for tick in ticks])
    axes.xaxis.set_major_formatter(_PLAIN)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_formatter(NullFormatter())
