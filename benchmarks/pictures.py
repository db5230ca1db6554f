"""Draws results files: each kind of result knows its pictures. The same files, the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from benchmarks import figures
from benchmarks.results import Generalisation, Measurement, Results, read_results

DPI = 110
STYLE = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "figure.constrained_layout.use": True,
}

Drawn = dict[str, Figure]


def draw_all(files: Sequence[Path], out: Path) -> list[Path]:
    """Every picture of every file; several files of one kind are told apart by their names.

    Raises:
        InvalidConfiguration: a file holds no results.
    """
    loaded = [(file, read_results(file)) for file in files]
    kinds = [results.kind for _, results in loaded]
    out.mkdir(parents=True, exist_ok=True)
    written = []
    with matplotlib.rc_context(STYLE):
        for file, results in loaded:
            prefix = f"{file.stem}-" if kinds.count(results.kind) > 1 else ""
            for name, figure in draw(results).items():
                path = out / f"{prefix}{name}.png"
                figure.savefig(path, dpi=DPI, metadata={"Software": None})
                written.append(path)
    return written


def draw(results: Results) -> Drawn:
    if isinstance(results, Measurement):
        drawn = {
            "risk-coverage": figures.risk_coverage(results),
            "reliability": figures.reliability(results),
            "comparisons": figures.comparisons(results),
        }
        if len({cell.column for cell in results.methods_by_compression}) > 1:
            drawn["methods-by-compression"] = figures.methods_by_compression(results)
        return drawn
    if isinstance(results, Generalisation):
        return {f"generalisation-by-{results.by.replace('_', '-')}": figures.heat_map(results)}
    return {"robustness": figures.robustness(results)}
