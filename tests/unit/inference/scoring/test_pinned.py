"""Answers of other weights than were agreed on do not count."""

from __future__ import annotations

import numpy as np
import pytest

from inference.in_memory import ScriptedScorer
from inference.ports import CropScores
from inference.scoring.pinned import PinnedScorer
from moderation.errors import ScorerMismatch, ScorerUnavailable
from moderation.lineage import ModelIdentity

CROPS = np.zeros((2, 224, 224, 3), np.uint8)
MODEL = ModelIdentity(name="faces", version="1", sha256="ab" * 32)
OTHER = ModelIdentity(name="faces", version="1", sha256="cd" * 32)


class Restarted(ScriptedScorer):
    """Has other weights from its second answer on."""

    async def score(self, crops: np.ndarray) -> CropScores:
        answer = await super().score(crops)
        if len(self.requests) == 2:
            self._identity = OTHER
        return answer


async def test_answers_of_the_weights_that_were_agreed_on_are_given() -> None:
    answer = await PinnedScorer(ScriptedScorer(identity=MODEL), MODEL).score(CROPS)
    assert answer.logits.tolist() == [-4.0, -4.0]


async def test_an_answer_that_was_under_way_when_the_weights_changed_does_not_count() -> None:
    pinned = PinnedScorer(Restarted(identity=MODEL), MODEL)
    await pinned.score(CROPS)
    with pytest.raises(ScorerUnavailable, match=r"abab.*start the worker again"):
        await pinned.score(CROPS)


async def test_a_refusal_stays_a_refusal() -> None:
    scorer = ScriptedScorer(identity=MODEL, failures=[ScorerMismatch("no such model")])
    with pytest.raises(ScorerMismatch):
        await PinnedScorer(scorer, MODEL).score(CROPS)


async def test_what_it_closes_is_the_scorer() -> None:
    scorer = ScriptedScorer(identity=MODEL)
    pinned = PinnedScorer(scorer, MODEL)
    assert await pinned.identify() == MODEL
    await pinned.close()
    assert scorer.closed
