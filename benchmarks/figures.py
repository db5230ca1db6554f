"""The figures of results files, one function each."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from benchmarks.bootstrap import Estimate
from benchmarks.results import (
    Cell,
    Compared,
    Distorted,
    Generalisation,
    Measurement,
    Robustness,
)

# Okabe and Ito's colours, which people with every kind of colour blindness tell apart.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#777777"

_NAN = float("nan")
_DARK_INK_FROM = 0.72  # on cividis

_STRENGTHS = {"mild": (GREEN, "o"), "medium": (BLUE, "s"), "strong": (ORANGE, "D")}


def risk_coverage(measurement: Measurement) -> Figure:
    figure = Figure(figsize=(5.2, 3.6))
    axes = figure.subplots()
    curve = measurement.risk_coverage
    axes.plot(curve.x, curve.y, color=BLUE)
    metrics = measurement.all_clips.metrics
    for at, metric in ((1.0, "error"), (0.8, "error_at_20_abstained")):
        value = metrics[metric].value
        if value is not None:
            axes.plot([at], [value], "o", color=ORANGE)
            axes.annotate(f"{value:.2f}", (at, value), (-4, 7), textcoords="offset points")
    abstained = metrics["abstained"].value
    if abstained is not None:
        axes.axvline(1 - abstained, color=GREY, linestyle=":", label="where the policy abstains")
        axes.legend(loc="best", frameon=False)
    axes.set(xlim=(0, 1.02), ylim=(0, None))
    axes.set(xlabel="coverage: share of clips decided", ylabel="error among them")
    axes.set_title(f"Risk and coverage, {_clips(measurement.all_clips)}")
    return figure


def reliability(measurement: Measurement) -> Figure:
    figure = Figure(figsize=(4.4, 4.8))
    axes, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    bins = measurement.reliability
    axes.plot([0, 1], [0, 1], color=GREY, linestyle=":")
    axes.plot([b.said for b in bins], [b.so for b in bins], "o-", color=BLUE)
    axes.set(ylim=(0, 1), ylabel="share that is forged")
    axes.set_title(f"Reliability, {_clips(measurement.all_clips)}\n{_calibration(measurement)}")
    below.bar([b.said for b in bins], [b.clips for b in bins], width=0.05, color=BLUE)
    below.set(xlim=(0, 1), xlabel="fake probability said", ylabel="clips")
    return figure


def _calibration(measurement: Measurement) -> str:
    metrics = measurement.all_clips.metrics
    error, chance = (
        metrics[name].value for name in ("calibration_error", "calibration_error_by_chance")
    )
    if error is None or chance is None:
        return "calibration error unknown"
    return f"calibration error {error:.3f}, were all said right {chance:.3f}"


def comparisons(measurement: Measurement) -> Figure:
    rows = [*measurement.comparisons, measurement.all_clips]
    figure = Figure(figsize=(7.6, 0.9 + 0.5 * len(rows)))
    axes = figure.subplots()
    for place, one in enumerate(rows):
        auc = one.metrics["auc"]
        if auc.value is None:
            continue
        low, high = auc.low, auc.high
        if low is not None and high is not None:
            axes.plot([low, high], [place, place], color=BLUE)
        axes.plot([auc.value], [place], "o", color=BLUE, label=_once("AUC, 95%", place))
        single = [area for name, area in one.trivial.items() if name != "mix"]
        if single:
            axes.plot(
                [max(single)], [place], "x", color=ORANGE, label=_once("best trivial score", place)
            )
        if "mix" in one.trivial:
            axes.plot(
                [one.trivial["mix"]], [place], "+", color=ORANGE, label=_once("all of them", place)
            )
    axes.axvline(0.5, color=GREY, linestyle=":")
    axes.set_yticks(range(len(rows)), [_named(one) for one in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set(xlim=(0.25, 1.02), xlabel="area under the ROC curve")
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure


def heat_map(found: Generalisation) -> Figure:
    """Rows: left out of training; columns: measured on; framed where both are the same."""
    figure, axes = _matrix(found.cells, found.rows, found.columns)
    axes.set(xlabel="measured on", ylabel="trained without")
    axes.set_title("Framed: not seen in training")
    return figure


def methods_by_compression(measurement: Measurement) -> Figure:
    cells = measurement.methods_by_compression
    rows, columns = (sorted({getattr(cell, side) for cell in cells}) for side in ("row", "column"))
    figure, axes = _matrix(cells, rows, columns)
    axes.set(xlabel="compression", ylabel="method")
    return figure


def _matrix(
    cells: Sequence[Cell], rows: Sequence[str], columns: Sequence[str]
) -> tuple[Figure, Axes]:
    """AUC with interval, and what the best trivial score reaches there."""
    known = {(cell.row, cell.column): cell for cell in cells}
    figure = Figure(figsize=(2.6 + 1.15 * len(columns), 1.7 + 0.7 * len(rows)))
    axes = figure.subplots()
    values = [
        [
            _value(known[row, column].auc.value) if (row, column) in known else _NAN
            for column in columns
        ]
        for row in rows
    ]
    image = axes.imshow(values, cmap="cividis", vmin=0.5, vmax=1, aspect="auto")
    for (row, column), cell in known.items():
        _write(axes, cell, columns.index(column), rows.index(row))
    axes.set_xticks(range(len(columns)), [_wrapped(name, 14) for name in columns], fontsize=8)
    axes.set_yticks(range(len(rows)), [_wrapped(name, 20) for name in rows], fontsize=8)
    axes.spines[:].set_visible(False)
    figure.colorbar(image, ax=axes, label="AUC (0.5 and below: dark)")
    return figure, axes


def _write(axes: Axes, cell: Cell, x: int, y: int) -> None:
    if cell.auc.value is None:
        return
    ink = "black" if cell.auc.value > _DARK_INK_FROM else "white"
    told = _with_interval(cell.auc)
    if cell.trivial is not None:
        told += f"\ntrivial {cell.trivial:.2f}"
    axes.text(x, y, told, ha="center", va="center", color=ink, fontsize=8)
    if cell.unseen:
        corner = (x - 0.47, y - 0.47)
        axes.add_patch(Rectangle(corner, 0.94, 0.94, fill=False, edgecolor=ORANGE, lw=2.5))


def robustness(found: Robustness) -> Figure:
    kinds = list(dict.fromkeys(one.distortion for one in found.distorted))
    figure = Figure(figsize=(8.4, 1.4 + 0.28 * len(kinds)))
    axes, faces = figure.subplots(1, 2, sharey=True, width_ratios=(3, 1))
    shift = {"mild": -0.22, "medium": 0.0, "strong": 0.22}
    for one in found.distorted:
        place = kinds.index(one.distortion) + shift.get(one.strength, 0.0)
        _point(axes, one, place)
        colour, _ = _STRENGTHS.get(one.strength, (GREY, "o"))
        faces.barh(place, one.lost_faces, height=0.2, color=colour)
    axes.axvline(0, color=GREY, linestyle=":")
    families = {one.distortion: one.family for one in found.distorted}
    axes.set_yticks(range(len(kinds)), [f"{k.replace('_', ' ')} ({families[k]})" for k in kinds])
    axes.set_ylim(len(kinds) - 0.5, -0.5)
    whole = "" if found.undistorted.value is None else f" of {found.undistorted.value:.2f}"
    axes.set_xlabel(f"AUC lost{whole}, 95%")
    faces.set_xlim(0, max([0.1, *(1.05 * one.lost_faces for one in found.distorted)]))
    faces.set_xlabel("faces no longer found")
    handles = [
        Line2D([], [], color=colour, marker=marker, linestyle="", label=strength)
        for strength, (colour, marker) in _STRENGTHS.items()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    return figure


def _point(axes: Axes, one: Distorted, place: float) -> None:
    colour, marker = _STRENGTHS.get(one.strength, (GREY, "o"))
    if one.drop.low is not None and one.drop.high is not None:
        axes.plot([one.drop.low, one.drop.high], [place, place], color=colour, lw=1)
    if one.drop.value is not None:
        axes.plot([one.drop.value], [place], marker, color=colour, markersize=4)


def _once(label: str, place: int) -> str | None:
    return label if place == 0 else None


def _named(one: Compared) -> str:
    return f"{_wrapped(one.name, 36)}\n({_clips(one)})"


def _clips(one: Compared) -> str:
    return f"{one.counts.forged} forged, {one.counts.real} real"


def _with_interval(auc: Estimate) -> str:
    told = f"{_value(auc.value):.2f}"
    return told if auc.low is None else f"{told}\n{auc.low:.2f} to {auc.high:.2f}"


def _value(value: float | None) -> float:
    return float("nan") if value is None else value


def _wrapped(text: str, width: int) -> str:
    """Broken at spaces and underscores, so that names fit beside or under a picture."""
    lines = [""]
    for word in text.replace("_", "_ ").split(" "):
        joint = "" if lines[-1].endswith("_") or not lines[-1] else " "
        if len(lines[-1]) + len(joint) + len(word) > width and lines[-1]:
            lines.append(word)
        else:
            lines[-1] += joint + word
    return "\n".join(lines)
