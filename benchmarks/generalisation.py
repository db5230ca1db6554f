"""Bundles trained without something, measured on everything: who recognises what is new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from benchmarks.baselines import best_single
from benchmarks.bootstrap import estimates
from benchmarks.comparisons import Comparison, each_data_set, each_method
from benchmarks.measuring import Draws
from benchmarks.results import Cell, Generalisation
from benchmarks.table import Run, ScoreTable
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

    A table's run says what its bundle was trained without (several names with commas in between),
    and how clips were equalised; tables of one run are taken together. Columns are the comparisons
    given, or every method or data set of the tables against the reals beside it.

    Raises:
        InvalidConfiguration: there is no table, one is distorted, or a clip is in two of one run.
    """
    if not tables:
        raise InvalidConfiguration("no score table to compare")
    draws = draws or Draws()
    together = _by_run(tables)
    columns = comparisons or _all(together, by)
    cells = [
        cell
        for table in together
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


def _by_run(tables: Sequence[ScoreTable]) -> list[ScoreTable]:
    by_run: dict[Run, ScoreTable] = {}
    for table in tables:
        if table.run.distortion:
            raise InvalidConfiguration(f"a score table is distorted by {table.run.distortion}")
        alike = by_run.get(table.run)
        by_run[table.run] = alike.joined(table) if alike else table
    return list(by_run.values())


def _all(tables: Sequence[ScoreTable], by: str) -> list[Comparison]:
    """By name; where tables of several equalisations are given, once for each of them."""
    each = each_method if by == "method" else each_data_set
    several = len({table.run.equalise for table in tables}) > 1
    found: dict[str, Comparison] = {}
    for table in tables:
        equalise = table.run.equalise
        for one in each(table):
            name = f"{one.name}, {equalise}" if several and equalise else one.name
            known = found.get(name, one)
            found[name] = replace(
                one,
                name=name,
                equalise=equalise,
                forged=tuple(sorted({*known.forged, *one.forged})),
                real=tuple(sorted({*known.real, *one.real})),
            )
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
        unseen=column.data_set in left_out or set(column.forged) <= set(left_out),
    )
