"""The commands of `veriscope data`, one function each."""

from __future__ import annotations

import typer

from datasets.cli import checking, removing, taking

app = typer.Typer(
    name="data",
    help="Data sets with consent and provenance: what there is, what it covers, what it may be "
    "used for. docs/datasets.md tells the formats.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
taking.add_to(app)
checking.add_to(app)
removing.add_to(app)
