"""What `--help` says to who comes new."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import typer
from typer.testing import CliRunner

from runtime.cli import app


def commands(group: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """All commands that are there, by the words with which they are called."""
    yield path
    for name, one in getattr(group, "commands", {}).items():
        yield from commands(one, (*path, name))


EVERY = sorted(path for path in commands(typer.main.get_command(app)) if path)
NOT_OURS = {("bench",), ("data",)}  # loaded when they are run, with what they need


def help_of(*path: str) -> str:
    answer = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": "200"})
    assert answer.exit_code == 0, answer.output
    return answer.stdout


@pytest.mark.parametrize("path", [one for one in EVERY if one not in NOT_OURS], ids=" ".join)
def test_a_switch_is_shown_without_a_value(path: tuple[str, ...]) -> None:
    shown = help_of(*path)

    assert "--help" in shown
    assert "<bool>" not in shown


def test_an_option_with_a_value_says_which() -> None:
    assert "<str>" in help_of("up")
    assert "VERISCOPE_API" in help_of("check")


@pytest.mark.parametrize("service", ["serve", "worker", "intake", "relay", "reconcile"])
def test_a_service_says_how_it_is_started(service: str) -> None:
    shown = " ".join(help_of(service).split())

    assert f"veriscope {service}" in shown.replace("Usage: veriscope", "")
    assert "VERISCOPE_HTTP__PORT" in shown


def test_an_erasure_says_what_goes_what_stays_and_how_to_prove_it() -> None:
    shown = " ".join(help_of("erase").split())

    for words in ("What goes:", "What stays:", "How to prove it:", "erase list --of UPLOAD"):
        assert words in shown


def test_erase_shows_the_options_of_erasing() -> None:
    shown = help_of("erase")

    assert "--dry-run" in shown
    assert "--yes" in shown
    assert "--uploader" in shown
    assert "list" in shown
