"""A submission: a probability of being forged for every clip of a task, from a hostile CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.leaderboard.task import Task
from benchmarks.table import ScoreTable
from moderation.errors import InvalidConfiguration

COLUMNS = ["clip_id", "score"]
LARGEST_BYTES = 64 * 2**20
UNDECIDED = 0.5  # where a bundle finds no face: what costs least for knowing nothing

_FAULTS_TOLD = 20
_SHOWN = 40  # characters of what was submitted


class SubmissionRefused(InvalidConfiguration):
    """The scores are not one probability for each clip of the task."""

    def __init__(self, faults: Sequence[str]) -> None:
        told = list(faults[:_FAULTS_TOLD])
        if len(faults) > len(told):
            told.append(f"and {len(faults) - len(told)} more")
        super().__init__("\n".join(told))
        self.faults = tuple(faults)


def read_scores(file: Path, task: Task) -> dict[str, float]:
    """Scores by clip.

    Raises:
        SubmissionRefused: with a line for every fault, in the order of the file.
    """
    try:
        if file.stat().st_size > LARGEST_BYTES:
            raise SubmissionRefused([f"more than {LARGEST_BYTES >> 20} MiB"])
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SubmissionRefused([f"{file} cannot be read: {error.strerror}"]) from error
    except UnicodeError as error:
        raise SubmissionRefused([f"{file} is no UTF-8: {error}"]) from error
    scores: dict[str, float] = {}
    faults = list(_take(text, {one.clip_id for one in task.clips}, scores))
    if faults:
        raise SubmissionRefused(faults)
    return scores


def write_scores(file: Path, scores: Mapping[str, float]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(COLUMNS)
        writer.writerows((clip_id, f"{score:.6f}") for clip_id, score in sorted(scores.items()))


def scores_of(table: ScoreTable) -> dict[str, float]:
    """What a bundle submits: its probability, abstained from or not; undecided without a face."""
    said = table.numbers("fake_probability")
    ids = table.texts("clip_id")
    return {
        str(clip_id): UNDECIDED if one != one else float(one)
        for clip_id, one in zip(ids, said, strict=True)
    }


def _take(text: str, wanted: set[str], scores: dict[str, float]) -> Iterator[str]:
    """Enter sound lines into `scores`, and tell the faults of the others and of the whole."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, None)
        if header != COLUMNS:
            yield f"line 1: the columns must be {','.join(COLUMNS)}"
            return
        for row in reader:
            if row:
                yield from _line(row, reader.line_num, wanted, scores)
    except csv.Error as error:
        yield f"line {reader.line_num}: {error}"
        return
    for clip_id in sorted(wanted - set(scores)):
        yield f"clip {clip_id}: no score"


def _line(
    row: Sequence[str], number: int, wanted: set[str], scores: dict[str, float]
) -> Iterator[str]:
    if len(row) != len(COLUMNS):
        yield f"line {number}: {len(row)} values, not {len(COLUMNS)}"
        return
    clip_id, written = row
    if clip_id not in wanted:
        yield f"line {number}: no clip is called {_shown(clip_id)}"
        return
    if clip_id in scores:
        yield f"line {number}: a second score for {clip_id}"
        return
    score = _number(written)
    scores[clip_id] = 0.0 if score is None else score
    if score is None:
        yield f"line {number}: {_shown(written)} is no number from 0 to 1"


def _number(written: str) -> float | None:
    """Not a number, infinities and what lies outside of 0 to 1 are none."""
    try:
        score = float(written) if written.isascii() and "_" not in written else None
    except ValueError:
        return None
    return score if score is not None and 0.0 <= score <= 1.0 else None


def _shown(text: str) -> str:
    """What a stranger wrote, short and without control characters."""
    return ascii(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")
