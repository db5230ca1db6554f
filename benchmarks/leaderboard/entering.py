"""What is submitted becomes scores: a CSV is read, a bundle is run by the serving code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.leaderboard.submission import read_scores, scores_of
from benchmarks.leaderboard.task import Task
from benchmarks.running import score_clips
from benchmarks.serving import Wish
from benchmarks.table import ScoreTable
from inference.bundles.archives import unpack
from inference.bundles.bundle import open_bundle


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """Scores by clip; `bundle` names the one they come from, empty for a CSV."""

    scores: Mapping[str, float]
    bundle: Mapping[str, str] = field(default_factory=dict)


def received(submission: Path, task: Task, tables: Path, *, processes: int = 1) -> Received:
    """Take a CSV of scores, a bundle's folder, or a bundle's archive.

    Raises:
        SubmissionRefused: the scores are not one probability for each clip.
        InvalidConfiguration: the bundle is not whole.
    """
    if submission.suffix.lower() == ".csv":
        return Received(scores=read_scores(submission, task))
    if submission.is_dir():
        return _run(submission, task, tables, processes)
    with TemporaryDirectory(prefix="veriscope-") as folder:
        unpack(submission, Path(folder) / "bundle")
        return _run(Path(folder) / "bundle", task, tables, processes)


def score_task(task: Task, bundle: Path | None, out: Path, *, processes: int = 1) -> ScoreTable:
    """A score table of a task's media; labels are those that are open.

    What was extracted is kept beside it: the next bundle need not decode again.
    """
    wish = Wish(bundle=bundle, packs=out.parent / "packs")
    return score_clips(task.media(), wish, out, processes=processes)


def _run(bundle: Path, task: Task, tables: Path, processes: int) -> Received:
    """By the bundle's manifest: scored once, its table is there the next time."""
    identity = open_bundle(bundle).identity
    out = tables / f"{task.sha256[:8]}-{identity.sha256[:12]}.parquet"
    table = (
        ScoreTable.read(out) if out.exists() else score_task(task, bundle, out, processes=processes)
    )
    named = {"name": identity.name, "version": identity.version, "sha256": identity.sha256}
    return Received(scores=scores_of(table), bundle=named)
