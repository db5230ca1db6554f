"""All commands in one tree. Each imports what it needs when it runs, so that help is quick."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from moderation.errors import ModerationError
from runtime.cli import (
    audit,
    dead_letters,
    erase,
    extensions,
    looks,
    media,
    models,
    operations,
    people,
    policy,
    replay,
    retention,
    reviews,
    services,
)
from runtime.cli.switches import show_switches
from runtime.instance import find_instance

show_switches()
app = typer.Typer(
    name="veriscope",
    help="Stream-processing moderation for deepfakes: uploads in, verdicts out.\n\n"
    "Start with `veriscope up samples/`. Settings come from VERISCOPE_… variables; "
    "docs/settings.md lists them.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_show_locals=False,
)
services.add_to(app)
media.add_to(app)
operations.add_to(app)
replay.add_to(app)
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(erase.app, name="erase")
app.add_typer(models.app, name="models")
app.add_typer(looks.app, name="looks")
app.add_typer(retention.app, name="retention")
app.add_typer(reviews.app, name="reviews")
app.add_typer(policy.app, name="policy")
app.add_typer(audit.app, name="audit")
app.add_typer(people.app, name="people")
extensions.add_to(app)


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=operations.print_version,
            is_eager=True,
            help="Print the version and exit.",
        ),
    ] = False,
) -> None:
    """What every command takes; the text of `veriscope --help` stands above."""


def main() -> None:
    """Run the command line; an error of ours is one plain line and exit code 1."""
    find_instance()
    try:
        app()
    except ModerationError as error:
        print(f"veriscope: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except BrokenPipeError:
        raise SystemExit(141) from None  # as a shell reports a reader that went away
