from __future__ import annotations

from pathlib import Path

import pytest

from runtime.cli.columns import whole_lines
from runtime.cli.tables import ended_line, open_ends, shown_names, verdict_table
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


def test_only_one_that_may_still_end_is_named_by_its_id() -> None:
    open_one = Ended(name="/m/a.jpg", upload_id="u1", verdict=None, failure="no end after 1 s")
    refused = Ended(name="/m/b.jpg", upload_id=None, verdict=None, failure="no")
    done = Ended(name="/m/c.jpg", upload_id="u3", verdict={"label": "fake"})

    (line,) = open_ends([done, refused, open_one])

    assert str(line) == "no verdict yet: /m/a.jpg is upload u1"


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


@pytest.mark.parametrize("name", ["portrait-blurred.jpg", "x" * 60])
@pytest.mark.parametrize("origin", [None, {"generators": [{"name": "Midjourney"}]}])
def test_at_80_columns_neither_header_nor_time_is_cut(
    name: str, origin: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    verdict = {
        "label": "no_face",
        "fake_probability": 0.5,
        "tracks": [],
        "reasons": ["no_face", "near_threshold"],
        "rejection": {"detail": "somebody's words about it, which are rather long " * 3},
        "announced_at": "2026-03-01T00:00:00+00:00",
        "decided_at": "2026-03-01T00:02:03.4+00:00",
    }
    one = Ended(name=f"/m/{name}", upload_id="u1", verdict=verdict)
    no_end = Ended(name=f"/m/{name}", upload_id="u2", verdict=None, failure="no end")

    whole_lines().print(verdict_table([one, no_end]))

    shown = capsys.readouterr().out
    header, *_ = shown.splitlines()
    assert header.split()[-1] == "time"
    assert "123.4 s" in shown
    assert shown.count("x") == 2 * name.count("x")


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
