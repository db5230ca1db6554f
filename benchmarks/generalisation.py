"""Bundles trained without something, measured on everything: who recognises what is new."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from benchmarks.baselines import best_single
from benchmarks.bootstrap import estimates
from benchmarks.comparisons import Comparison, each_data_set, each_method
from benchmarks.measuring import Draws
from benchmarks.results import Cell, Generalisation
from benchmarks.table import ScoreTable
from moderation.errors import InvalidConfiguration

NOTHING = "nothing"


def generalisation(
    tables: Sequence[ScoreTable],
    *,
    by: Literal["method", "data_set"] = "method",
    comparisons: Sequence[Comparison] = (),
    draws: Draws | None = None,
) -> Generalisation:
    """The matrix of what was left out (rows) and what is measured on (columns).

    One table for each bundle; its run says what the bundle was trained without (several names
    with commas in between), and how clips were equalised. Columns are the comparisons given, or
    every method or data set of the tables against the reals beside it.

    Raises:
        InvalidConfiguration: there is no table.
    """
    if not tables:
        raise InvalidConfiguration("no score table to compare")
    draws = draws or Draws()
    columns = comparisons or _all(tables, by)
    cells = [
        cell
        for table in tables
        for column in columns
        if column.equalise == table.run.equalise and (cell := _cell(table, column, draws))
    ]
    return Generalisation(
        by=by,
        rows=tuple(sorted({cell.row for cell in cells}, key=lambda row: (row == NOTHING, row))),
        columns=tuple(one.name for one in columns if any(c.column == one.name for c in cells)),
        cells=tuple(cells),
        samples=draws.few,
        seed=draws.seed,
    )


def _all(tables: Sequence[ScoreTable], by: str) -> list[Comparison]:
    """By name; where tables of several equalisations are given, once for each of them."""
    each = each_method if by == "method" else each_data_set
    found = {one.name: one for table in tables for one in each(table)}
    return [found[name] for name in sorted(found)]


def _cell(table: ScoreTable, column: Comparison, draws: Draws) -> Cell | None:
    sample = column.choose(table)
    counts = sample.counts()
    if not counts.forged or not counts.real:
        return None
    left_out = [name.strip() for name in table.run.left_out.split(",") if name.strip()]
    auc = estimates(sample.auc, list(sample.groups), samples=draws.few, seed=draws.seed)["auc"]
    return Cell(
        row=", ".join(left_out) or NOTHING,
        column=column.name,
        counts=counts,
        auc=auc,
        trivial=best_single(sample),
        unseen=any(name in (*column.forged, column.data_set) for name in left_out),
    )
