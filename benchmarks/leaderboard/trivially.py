"""Submissions of what needs no detector: a floor that every detector has to beat."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from benchmarks.baselines import MIX, columns, regression
from benchmarks.leaderboard.task import Task
from benchmarks.table import TRIVIAL, ScoreTable
from moderation.errors import InvalidConfiguration

CONSTANT = "constant"


def baselines(task: Task, table: ScoreTable) -> dict[str, dict[str, float]]:
    """Scores by clip, by baseline: a constant, each trivial score, and all of them together.

    Learned as any submitter may: on the labels of the public share.

    Raises:
        InvalidConfiguration: the table is of other clips, or the public share of one class.
    """
    labels = task.open_labels()
    ids = [str(one) for one in table.texts("clip_id")]
    if set(ids) != {one.clip_id for one in task.clips}:
        raise InvalidConfiguration("the score table is of other clips than the task's")
    opened = np.array([clip_id in labels for clip_id in ids])
    forged = np.array([labels.get(clip_id) == "fake" for clip_id in ids])
    if not opened.any() or len(np.unique(forged[opened])) < 2:
        raise InvalidConfiguration("the public share has no clips of both classes")
    trivial = {name: table.numbers(TRIVIAL + name) for name in table.named(TRIVIAL)}
    inputs: dict[str, Mapping[str, np.ndarray]] = {name: {name: s} for name, s in trivial.items()}
    if trivial:
        inputs[MIX] = trivial
    told = {CONSTANT: dict.fromkeys(ids, float(forged[opened].mean()))}
    for name, scores in inputs.items():
        table_of_scores = columns(scores)
        learned = regression().fit(table_of_scores[opened], forged[opened])
        said = learned.predict_proba(table_of_scores)[:, 1]
        told[name] = dict(zip(ids, said.tolist(), strict=True))
    return told
