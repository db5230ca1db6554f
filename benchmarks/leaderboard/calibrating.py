"""Makes probabilities of scores by what every submitter may use: the labels of the public share.

A detector of other people is seldom calibrated, and log loss would then tell of that alone.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmarks.leaderboard.task import Task
from moderation.errors import InvalidConfiguration

_CLIP = 1e-6


def calibrated(scores: Mapping[str, float], task: Task) -> dict[str, float]:
    """Scores through a logistic regression on their log-odds (Platt, 1999): two numbers learned.

    Raises:
        InvalidConfiguration: the public share is of one class.
    """
    labels = task.open_labels()
    ids = sorted(scores)
    said = np.clip([scores[clip_id] for clip_id in ids], _CLIP, 1 - _CLIP)
    odds = np.log(said / (1 - said))[:, None]
    opened = np.array([clip_id in labels for clip_id in ids])
    forged = np.array([labels.get(clip_id) == "fake" for clip_id in ids])
    if len(np.unique(forged[opened])) < 2:
        raise InvalidConfiguration("the public share has no clips of both classes")
    learned = LogisticRegression().fit(odds[opened], forged[opened])
    return dict(zip(ids, learned.predict_proba(odds)[:, 1].tolist(), strict=True))
