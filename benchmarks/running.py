"""Scores many clips: in several processes, with progress, and going on where it was stopped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from io import TextIOWrapper
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks.clips import Clip
from benchmarks.serving import Serving, Wish, known_of
from benchmarks.table import Run, ScoreRow, ScoreTable
from moderation.errors import InvalidConfiguration


@dataclass(slots=True, kw_only=True)
class Journal:
    """Rows as they come, one JSON line each after a first line that names the run.

    A last line that was cut off is forgotten, as is the clip that it was of.
    """

    file: Path

    def rows(self, run: Run) -> dict[str, ScoreRow]:
        """What was scored before, by clip.

        Raises:
            InvalidConfiguration: by another bundle or policy, or otherwise changed.
        """
        if not self.file.exists():
            return {}
        lines = [line for line in self.file.read_bytes().split(b"\n")[:-1] if line]
        if not lines:
            return {}
        if json.loads(lines[0]) != asdict(run):
            raise InvalidConfiguration(
                f"{self.file} was begun with another bundle, policy or change: "
                "remove it, or give another --out"
            )
        rows = [ScoreRow(**json.loads(line)) for line in lines[1:]]
        return {row.clip_id: row for row in rows}

    def open(self, run: Run, rows: Iterable[ScoreRow]) -> TextIOWrapper:
        """Write it anew with what was kept, and leave it open for more."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.file.with_suffix(".fresh")
        opened = fresh.open("w")
        for record in (asdict(run), *(asdict(row) for row in rows)):
            opened.write(_line(record))
        opened.flush()
        fresh.replace(self.file)
        return opened


def journal_of(out: Path) -> Path:
    """Where rows are kept while a table is not finished."""
    return out.with_suffix(".journal")


def score_clips(
    clips: Sequence[Clip],
    wish: Wish,
    out: Path,
    *,
    processes: int = 1,
    quiet: bool = False,
    before: Callable[[], None] = lambda: None,
) -> ScoreTable:
    """Score clips into a table at `out`, in the order of the clips.

    Killed and called again it scores what is missing. `processes`: 1 scores in this one.
    `before` is called when nothing is left to refuse and nothing was written yet.

    Raises:
        InvalidConfiguration: the bundle cannot be used, two clips have one id, or what was
            begun at `out` is of another run.
    """
    if len({clip.clip_id for clip in clips}) < len(clips):
        raise InvalidConfiguration("two clips have the same clip_id")
    journal = Journal(file=journal_of(out))
    with closing(Serving(wish)) as serving:
        kept = _as_known_now(journal.rows(serving.run), clips)
        before()
        rest = [clip for clip in clips if clip.clip_id not in kept]
        scored = _in_processes(rest, wish, processes) if processes > 1 else map(serving.row, rest)
        with journal.open(serving.run, kept.values()) as opened:
            for row in tqdm(scored, total=len(rest), desc=out.stem, disable=quiet, mininterval=1):
                kept[row.clip_id] = row
                opened.write(_line(asdict(row)))
                opened.flush()
    table = ScoreTable.of(serving.run, [kept[clip.clip_id] for clip in clips])
    table.write(out)
    journal.file.unlink()
    return table


def _as_known_now(rows: Mapping[str, ScoreRow], clips: Sequence[Clip]) -> dict[str, ScoreRow]:
    """Rows of a stopped run with labels, groups and splits that may have been mended since."""
    known = {clip.clip_id: known_of(clip) for clip in clips}
    return {clip_id: replace(row, **known.get(clip_id, {})) for clip_id, row in rows.items()}


def _in_processes(clips: Sequence[Clip], wish: Wish, processes: int) -> Iterator[ScoreRow]:
    """Rows as they get ready. Spawned, not forked: OpenVINO's threads do not survive a fork."""
    with ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=_begin, initargs=(wish,)
    ) as pool:
        for done in as_completed([pool.submit(_row, clip) for clip in clips]):
            yield done.result()


_serving_of_process: list[Serving] = []


def _begin(wish: Wish) -> None:
    _serving_of_process.append(Serving(wish))


def _row(clip: Clip) -> ScoreRow:
    return _serving_of_process[0].row(clip)


def _line(record: dict[str, Any]) -> str:
    return json.dumps(record, separators=(",", ":")) + "\n"
