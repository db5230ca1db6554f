"""Coverage as a picture: a bar chart a variable, and clips by method and compression."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from datasets.coverage import UNKNOWN, Coverage
from datasets.errors import DataSetRefused

_MOST_VALUES = 12
_LEAST_ROWS = 5  # one value alone is no wall
_COLOUR, _PALE = "#33658a", "#c9c9c9"


def draw_coverage(coverage: Coverage, title: str, path: Path) -> None:
    """
    Raises:
        DataSetRefused: the file cannot be written, or its suffix names no kind of picture.
    """
    known = {n: counts for n, counts in coverage.variables.items() if _is_known(counts)}
    panels = [("label, method, compression", _by_cell(coverage)), *known.items()]
    columns = min(len(panels), 2)
    rows = -(-len(panels) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(11, 2.2 * rows + 0.4), squeeze=False)
    for at, axis in enumerate(axes.flat):
        if at < len(panels):
            _bars(axis, *panels[at])
        else:
            axis.set_axis_off()
    unknown = [name for name in coverage.variables if name not in known]
    note = f"\nunknown throughout: {', '.join(unknown)}" if unknown else ""
    figure.suptitle(f"{title}: {coverage.clips:,} clips{note}", fontsize=10, x=0.01, ha="left")
    figure.tight_layout(rect=(0, 0, 1, 0.99))
    try:
        figure.savefig(path, dpi=120)
    except (OSError, ValueError) as error:
        raise DataSetRefused(f"{path} cannot be drawn: {error}") from error
    finally:
        plt.close(figure)


def _is_known(counts: dict[str, int]) -> bool:
    return any(count for value, count in counts.items() if value != UNKNOWN)


def _by_cell(coverage: Coverage) -> dict[str, int]:
    cells = sorted(coverage.cells, key=lambda cell: -cell.clips)
    named = {}
    for cell in cells:
        words = (cell.label, cell.method, cell.compression)
        named[" ".join(word for word in words if word not in (UNKNOWN, "-"))] = cell.clips
    return named


def _bars(axis: Axes, name: str, counts: dict[str, int]) -> None:
    """The most frequent values; what is left in one bar, what is unknown pale."""
    shown = dict(list(counts.items())[:_MOST_VALUES])
    rest = sum(counts.values()) - sum(shown.values())
    if rest:
        shown[f"{len(counts) - _MOST_VALUES} others"] = rest
    labels = [value if len(value) <= 32 else f"{value[:31]}…" for value in shown]
    colours = [_PALE if value == UNKNOWN else _COLOUR for value in shown]
    bars = axis.barh(range(len(labels)), list(shown.values()), color=colours)
    axis.bar_label(bars, padding=2, fontsize=7)
    axis.set_yticks(range(len(labels)), labels, fontsize=7)
    axis.set_ylim(max(len(labels), _LEAST_ROWS) - 0.5, -0.5)  # the first on top
    axis.margins(x=0.12)
    axis.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axis.set_title(name.replace("_", " "), fontsize=9, loc="left")
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(axis="x", labelsize=7)
