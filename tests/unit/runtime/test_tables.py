from __future__ import annotations

from pathlib import Path

import pytest

from runtime.cli.tables import ended_line, shown_names, verdict_table, whole_lines
from runtime.client import Ended


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (["/m/a/1.jpg", "/m/b/2.jpg"], ["a/1.jpg", "b/2.jpg"]),
        (["/m/1.jpg", "/m/1.jpg"], ["1.jpg", "1.jpg"]),
        (["/m/1.jpg"], ["1.jpg"]),
        (["/m/1.jpg", "/m/b/2.jpg"], ["1.jpg", "b/2.jpg"]),
        (["https://h/a.jpg", "/m/1.jpg"], ["https://h/a.jpg", "1.jpg"]),
        (["https://h/a.jpg"], ["https://h/a.jpg"]),
        ([], []),
    ],
)
def test_files_are_shown_below_the_folder_they_share(given: list[str], shown: list[str]) -> None:
    assert shown_names(given) == shown


def test_relative_and_absolute_names_of_one_folder_are_shown_alike(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown_names([f"{tmp_path}/a.jpg", "b.jpg"]) == ["a.jpg", "b.jpg"]


def test_each_file_has_its_row() -> None:
    ended = (Ended(name=f"/m/{n}", upload_id=None, verdict=None, failure="no") for n in "ba")
    table = verdict_table(ended)
    assert [str(name) for name in table.columns[0].cells] == ["a", "b"]


def test_without_a_terminal_each_end_is_a_line() -> None:
    one = Ended(name="/m/a.jpg", upload_id="u1", verdict={"label": "fake"}, failure=None)
    assert ended_line(one, 2, 9) == "judged 2 of 9: /m/a.jpg: fake"


def test_a_row_is_one_line_where_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    failure = "the bytes are of no kind that is judged here, and nobody knows what they are"
    one = Ended(name="/m/a.jpg", upload_id=None, verdict=None, failure=failure)

    whole_lines().print(verdict_table([one]))

    assert len(capsys.readouterr().out.splitlines()) == 2


def test_a_clear_verdict_is_not_shown_with_the_probability_of_a_suspect_one() -> None:
    verdict = {
        "label": "clear",
        "fake_probability": 0.59868,
        "tracks": [],
        "reasons": [],
        "announced_at": "2026-03-01T00:00:00+00:00",
        "decided_at": "2026-03-01T00:00:01+00:00",
    }
    table = verdict_table([Ended(name="/m/a.jpg", upload_id="u1", verdict=verdict, failure=None)])
    assert [str(cell) for cell in table.columns[2].cells] == ["0.59"]
