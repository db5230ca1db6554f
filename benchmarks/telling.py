"""Results as tables on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from benchmarks.bootstrap import Estimate
from benchmarks.results import Compared, Gap, Generalisation, Measurement, Robustness

_FIGURES = {
    "auc": "AUC",
    "average_precision": "AP",
    "equal_error_rate": "EER",
    "true_positives_at_1": "TPR at 1% FPR",
    "log_loss": "log loss",
    "calibration_error": "calibration error",
    "calibration_error_by_chance": "... were all said right",
    "accuracy": "accuracy",
    "false_fakes": "reals called fake",
    "abstained": "abstained",
    "error": "error",
    "error_at_20_abstained": "error, 20% abstained",
    "error_fall_at_20_abstained": "so it falls by",
    "area_under_risk": "area under risk",
}


def of_measurement(found: Measurement) -> list[Table | Text]:
    rows = [*found.comparisons, found.all_clips]
    told: list[Table | Text] = [_comparisons(rows), _figures(rows)]
    if found.gaps:
        told.append(_gaps(found.gaps))
    if found.not_compared:
        missing = "; ".join(found.not_compared)
        told.append(Text(f"no scores for: {missing} (equalised ones need a table scored so)"))
    return told


def of_generalisation(found: Generalisation) -> Table:
    table = _table("trained without", *found.columns)
    cells = {(cell.row, cell.column): cell for cell in found.cells}
    for row in found.rows:
        told = []
        for column in found.columns:
            cell = cells.get((row, column))
            mark = " *" if cell and cell.unseen else ""
            told.append(told_estimate(cell.auc) + mark if cell else "")
        table.add_row(row, *told)
    table.caption = "AUC; * not seen in training"
    return table


def of_robustness(found: Robustness) -> Table:
    table = _table("distortion", "strength", "AUC", "lost", "faces lost")
    table.caption = f"undistorted {told_estimate(found.undistorted)}"
    for one in found.distorted:
        table.add_row(
            one.distortion,
            one.strength,
            told_estimate(one.auc),
            told_estimate(one.drop),
            f"{one.lost_faces:.0%}",
        )
    return table


def told_estimate(estimate: Estimate) -> str:
    if estimate.value is None:
        return "none"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"


def _comparisons(rows: Sequence[Compared]) -> Table:
    table = _table(
        "", "forged", "real", "AUC", "by detector", "best trivial", "all trivial", "asked", "met"
    )
    for one in rows:
        single = {name: area for name, area in one.trivial.items() if name != "mix"}
        best = max(single, key=single.__getitem__, default="")
        table.add_row(
            one.name,
            str(one.counts.forged),
            str(one.counts.real),
            told_estimate(one.metrics["auc"]),
            "\n".join(f"{area:.3f} {name}" for name, area in one.detectors.items()),
            f"{single[best]:.3f} {best}" if best else "",
            f"{one.trivial['mix']:.3f}" if "mix" in one.trivial else "",
            one.asked,
            {True: "yes", False: "no", None: ""}[one.met],
        )
    return table


def _figures(rows: Sequence[Compared]) -> Table:
    """Transposed: comparisons have long names, and figures are many."""
    table = _table("", *(one.name for one in rows))
    for metric, name in _FIGURES.items():
        table.add_row(name, *(told_estimate(one.metrics[metric]) for one in rows))
    return table


def _gaps(gaps: Sequence[Gap]) -> Table:
    table = _table("variable", "metric", "gap", "best", "worst")
    for gap in gaps:
        table.add_row(gap.variable, gap.metric, f"{gap.gap:.3f}", gap.best, gap.worst)
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
