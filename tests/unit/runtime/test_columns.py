"""Tables on a terminal show other people's words as they are."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from runtime.cli.columns import endless_lines, table_of


@pytest.mark.parametrize("word", ["[/b] stays", "[red]so it was sent", "a\x1b[2Jb"])
def test_a_cell_is_neither_markup_nor_able_to_steer_the_terminal(word: str) -> None:
    shown = io.StringIO()

    Console(file=shown, width=60).print(table_of(("id", "detail"), [(7, word)]))

    line = shown.getvalue().splitlines()[1].rstrip()
    assert line.split(maxsplit=1) == ["7", word.replace("\x1b", "�")]


def test_a_row_with_ids_is_one_line_however_narrow_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "30")

    endless_lines().print(table_of(("id", "why"), [("x" * 36, "of many words " * 5)]))

    _, row = capsys.readouterr().out.splitlines()
    assert row.startswith("x" * 36 + "  of many words of many")


def test_a_long_cell_is_folded_and_not_cut() -> None:
    shown = io.StringIO()

    Console(file=shown, width=20).print(table_of(("id",), [("x" * 50,)]))

    assert shown.getvalue().count("x") == 50
