"""The board: hostile scores are refused, and figures are those of each share."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.leaderboard.board import MOST_OF_A_NAME, Board, evaluate
from benchmarks.leaderboard.calibrating import calibrated
from benchmarks.leaderboard.page import page
from benchmarks.leaderboard.submission import (
    SubmissionRefused,
    read_scores,
    scores_of,
    write_scores,
)
from benchmarks.leaderboard.task import Secret, Task
from benchmarks.leaderboard.trivially import baselines
from moderation.errors import InvalidConfiguration
from tests.unit.benchmarks.builders import a_row, a_table

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def submitted(tmp_path: Path, *lines: str) -> Path:
    file = tmp_path / "scores.csv"
    file.write_text("\n".join(["clip_id,score", *lines]) + "\n")
    return file


def test_sound_scores_are_taken(tmp_path: Path, task: Task) -> None:
    scores = {one.clip_id: 0.25 for one in task.clips}
    write_scores(tmp_path / "s.csv", scores)
    assert read_scores(tmp_path / "s.csv", task) == scores


def test_every_fault_of_a_hostile_file_has_a_line_of_its_own(tmp_path: Path, task: Task) -> None:
    ids = [one.clip_id for one in task.clips]
    bad = ["nan", "inf", "-0.01", "1.01", "", "1_0", "\u0661", "0x1", "=1+1"]
    lines = [f"{clip_id},{score}" for clip_id, score in zip(ids, bad, strict=False)]
    lines += [f"{ids[9]},0.5", f"{ids[9]},0.5", "nobody,0.5", f"{ids[10]},0.5,1"]
    with pytest.raises(SubmissionRefused) as refused:
        read_scores(submitted(tmp_path, *lines), task)
    told = refused.value.faults
    assert [fault for fault in told if "is no number from 0 to 1" in fault] == list(told[:9])
    assert told[9] == f"line 12: a second score for {ids[9]}"
    assert told[10] == "line 13: no clip is called 'nobody'"
    assert told[11] == "line 14: 3 values, not 2"
    assert [f for f in told if f.endswith(": no score")] == [
        f"clip {i}: no score" for i in ids[10:]
    ]


@pytest.mark.parametrize("score", ["0", "1", "0.0", "1e-3", "1.0"])
def test_the_ends_of_the_range_are_scores(tmp_path: Path, task: Task, score: str) -> None:
    file = submitted(tmp_path, *(f"{one.clip_id},{score}" for one in task.clips))
    assert set(read_scores(file, task).values()) == {float(score)}


@pytest.mark.parametrize(
    "content",
    [b"", b"score,clip_id\n", b"\xff\xfe\x00", b'clip_id,score\n"open', b"clip_id,score\n\x00,1\n"],
)
def test_what_is_no_table_is_refused(tmp_path: Path, task: Task, content: bytes) -> None:
    (tmp_path / "s.csv").write_bytes(content)
    with pytest.raises(SubmissionRefused):
        read_scores(tmp_path / "s.csv", task)


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path, task: Task) -> None:
    with pytest.raises(SubmissionRefused, match=r"s\.csv cannot be read: No such file"):
        read_scores(tmp_path / "s.csv", task)


def test_a_strangers_words_are_shown_short_and_without_control_characters(
    tmp_path: Path, task: Task
) -> None:
    with pytest.raises(SubmissionRefused) as refused:
        read_scores(submitted(tmp_path, "\x1b[2J" + "x" * 9999 + ",0.5"), task)
    assert "\x1b" not in str(refused.value)
    assert len(refused.value.faults[0]) < 120


def test_thousands_of_faults_are_summed_up(tmp_path: Path, task: Task) -> None:
    with pytest.raises(SubmissionRefused) as refused:
        read_scores(submitted(tmp_path, *("nobody,0.5" for _ in range(5000))), task)
    assert len(str(refused.value).splitlines()) == 21


def perfect(known: dict[str, Secret]) -> dict[str, float]:
    return {one.clip_id: 1.0 if one.label == "fake" else 0.0 for one in known.values()}


def test_the_figures_are_those_of_each_share(task: Task, known: dict[str, Secret]) -> None:
    scores = {
        one.clip_id: 0.5 if one.share == "private" else float(one.label == "fake")
        for one in known.values()
    }
    entry = evaluate("half", "scores", scores, task, known, at=NOON, samples=50)
    assert entry.figures["private_log_loss"].value == pytest.approx(math.log(2), abs=1e-4)
    assert entry.figures["public_log_loss"].value == pytest.approx(0, abs=1e-4)
    assert entry.figures["gap"].value == pytest.approx(math.log(2), abs=1e-4)
    assert entry.figures["private_auc"].value == 0.5


def test_figures_are_rounded_for_digits_could_tell_labels(
    task: Task, known: dict[str, Secret]
) -> None:
    scores = dict.fromkeys(known, 0.123456789)
    entry = evaluate("x", "scores", scores, task, known, at=NOON, samples=50)
    for figure in entry.figures.values():
        assert figure.value == round(figure.value, 4)


def test_the_best_comes_first_and_the_page_tells_all(
    tmp_path: Path, task: Task, known: dict[str, Secret]
) -> None:
    board = Board(tmp_path / "board", task)
    undecided = dict.fromkeys(known, 0.5)
    for name, scores in (("undecided", undecided), ("perfect", perfect(known))):
        board.enter(evaluate(name, "scores", scores, task, known, at=NOON, samples=50))
    assert [entry.name for entry in board.entries()] == ["perfect", "undecided"]
    lines = page(task, board.entries()).splitlines()
    assert lines[-2].startswith("| 1 | perfect | scores | 0.000")
    assert "0.693" in lines[-1]


def test_the_same_scores_again_are_one_entry_and_a_name_may_not_try_for_ever(
    tmp_path: Path, task: Task, known: dict[str, Secret]
) -> None:
    board = Board(tmp_path / "board", task)

    def enter(score: float) -> None:
        scores = dict.fromkeys(known, score)
        board.enter(evaluate("me", "scores", scores, task, known, at=NOON, samples=5))

    for _ in range(2):
        for number in range(MOST_OF_A_NAME):
            enter(number / 100)
    assert len(board.entries()) == MOST_OF_A_NAME
    with pytest.raises(InvalidConfiguration, match="me has submitted"):
        enter(0.9)


@pytest.mark.parametrize("name", ["", "a|b", "<b>", "x" * 61, "../x", "a\nb"])
def test_a_name_that_would_break_the_page_is_refused(
    name: str, task: Task, known: dict[str, Secret]
) -> None:
    with pytest.raises(InvalidConfiguration, match="a name is"):
        evaluate(name, "scores", perfect(known), task, known, at=NOON)


def test_a_bundle_is_undecided_where_it_finds_no_face() -> None:
    blank = a_row("b", fake_probability=None, given_probability=None)
    assert scores_of(a_table(a_row("a", fake_probability=0.7), blank)) == {"a": 0.7, "b": 0.5}


def test_calibration_learns_from_open_labels_alone_and_keeps_the_order(
    task: Task, known: dict[str, Secret]
) -> None:
    # right but far too sure of itself, and wrong on one open clip
    scores = {clip_id: 0.999 if one.label == "fake" else 0.001 for clip_id, one in known.items()}
    wrong = min(clip_id for clip_id, label in task.open_labels().items() if label == "real")
    scores[wrong] = 0.9995
    told = calibrated(scores, task)
    by_score, by_told = (sorted(known, key=lambda c: (s[c], c)) for s in (scores, told))
    assert by_score == by_told
    before, after = (
        evaluate("x", "scores", s, task, known, at=NOON, samples=5).figures for s in (scores, told)
    )
    assert after["public_log_loss"].value < before["public_log_loss"].value


def test_baselines_learn_from_open_labels_alone(task: Task, known: dict[str, Secret]) -> None:
    rows = [
        a_row(
            one.clip_id,
            # in the private share the other way round: who had seen it would not follow
            trivial={
                "sharpness": 10.0 if (one.label == "fake") == (one.share == "public") else 99.0
            },
        )
        for one in known.values()
    ]
    told = baselines(task, a_table(*rows))
    assert set(told) == {"constant", "sharpness", "mix"}
    assert set(told["constant"].values()) == {0.5}
    entry = evaluate("s", "baseline", told["sharpness"], task, known, at=NOON, samples=50)
    assert entry.figures["public_auc"].value == 1
    assert entry.figures["private_auc"].value == 0


def test_baselines_of_other_clips_are_refused(task: Task) -> None:
    with pytest.raises(InvalidConfiguration, match="other clips"):
        baselines(task, a_table(a_row("x")))
