from __future__ import annotations

import asyncio

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.in_memory import ScriptedScorer
from inference.ports import CropScores
from inference.scoring.batching import Batcher, SentRequest
from moderation.errors import ScorerUnavailable


class GatedScorer(ScriptedScorer):
    """Answers a request only once it is let through."""

    def __init__(self, **script: object) -> None:
        super().__init__(lambda crop: float(crop[0, 0, 0]), **script)  # type: ignore[arg-type]
        self.gate = asyncio.Semaphore(0)
        self.most_at_once = 0
        self.at_once = 0

    async def score(self, crops: NDArray[np.uint8]) -> CropScores:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            scores = await super().score(crops)
            await self.gate.acquire()
            return scores
        finally:
            self.at_once -= 1

    def let_through(self, count: int = 1000) -> None:
        for _ in range(count):
            self.gate.release()

    @property
    def sizes(self) -> list[int]:
        return [len(request) for request in self.requests]


def crops(*values: int) -> NDArray[np.uint8]:
    """Crops whose logit is the value."""
    blank = np.zeros((len(values), 224, 224, 3), np.uint8)
    blank[:, 0, 0, 0] = values
    return blank


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def start(batcher: Batcher, *values: int, urgent: bool = False) -> asyncio.Task[CropScores]:
    return asyncio.create_task(batcher.score(crops(*values), urgent=urgent))


async def test_an_idle_scorer_is_asked_at_once() -> None:
    scorer = GatedScorer()
    scorer.let_through()
    scores = await Batcher(scorer).score(crops(7), urgent=False)
    assert scores.logits.tolist() == [7.0]
    assert scorer.sizes == [1]


async def test_uploads_that_arrive_together_share_a_request() -> None:
    scorer = GatedScorer()
    scorer.let_through()
    batcher = Batcher(scorer)
    answers = await asyncio.gather(start(batcher, 1, 2), start(batcher, 3), start(batcher, 4, 5))
    assert scorer.sizes == [5]
    assert [answer.logits.tolist() for answer in answers] == [[1, 2], [3], [4, 5]]


async def test_what_arrives_while_all_slots_are_taken_fills_one_request() -> None:
    scorer = GatedScorer()
    batcher = Batcher(scorer, in_flight=1)
    tasks = [start(batcher, 1)]
    await settle()
    for value in range(2, 6):
        tasks.append(start(batcher, value))
        await settle()
    scorer.let_through()
    await asyncio.gather(*tasks)
    assert scorer.sizes == [1, 4]


async def test_no_more_requests_are_under_way_than_allowed() -> None:
    scorer = GatedScorer()
    batcher = Batcher(scorer, largest=2, in_flight=3)
    task = start(batcher, *range(20))
    await settle()
    assert len(scorer.requests) == 3
    scorer.let_through()
    await task
    assert scorer.most_at_once == 3


@pytest.mark.parametrize(
    ("count", "sizes"), [(31, [31]), (32, [32]), (33, [32, 1]), (70, [32, 32, 6])]
)
async def test_an_upload_is_split_where_a_request_is_full(count: int, sizes: list[int]) -> None:
    scorer = GatedScorer()
    scorer.let_through()
    scores = await Batcher(scorer).score(crops(*range(count)), urgent=False)
    assert scorer.sizes == sizes
    assert scores.logits.tolist() == list(range(count))
    assert scores.embeddings.shape == (count, 1280)


async def test_parts_that_are_answered_out_of_order_are_put_in_order() -> None:
    scorer = ScriptedScorer(lambda crop: float(crop[0, 0, 0]))
    delays = iter([5, 3, 1])

    class Uneven(ScriptedScorer):
        async def score(self, crops: NDArray[np.uint8]) -> CropScores:
            for _ in range(next(delays)):
                await asyncio.sleep(0)
            return await scorer.score(crops)

    scores = await Batcher(Uneven(), largest=2).score(crops(1, 2, 3, 4, 5), urgent=False)
    assert scores.logits.tolist() == [1, 2, 3, 4, 5]


async def test_an_urgent_upload_goes_before_all_that_wait() -> None:
    scorer = GatedScorer()
    batcher = Batcher(scorer, largest=2, in_flight=1)
    tasks = [start(batcher, 1, 2), start(batcher, 3, 4), start(batcher, 5, 6)]
    await settle()
    tasks.append(start(batcher, 9, urgent=True))
    await settle()
    scorer.let_through()
    await asyncio.gather(*tasks)
    assert [request[:, 0, 0, 0].tolist() for request in scorer.requests] == [
        [1, 2],
        [9, 3],
        [5, 6],
        [4],
    ]


async def test_a_long_upload_does_not_hold_up_those_behind_it() -> None:
    scorer = GatedScorer()
    batcher = Batcher(scorer, largest=2, in_flight=1)
    long, short = start(batcher, *range(10)), start(batcher, 99)
    await settle()
    scorer.let_through(2)
    await settle()
    assert short.done()
    assert not long.done()
    scorer.let_through()
    await long


async def test_a_failing_request_fails_only_the_uploads_in_it() -> None:
    scorer = GatedScorer(failures=[ScorerUnavailable("down"), None])
    scorer.let_through()
    batcher = Batcher(scorer, largest=2)
    outcomes = await asyncio.gather(
        start(batcher, 1), start(batcher, 2), start(batcher, 3), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [
        ScorerUnavailable,
        ScorerUnavailable,
        CropScores,
    ]


async def test_the_rest_of_a_failed_upload_is_not_sent() -> None:
    scorer = GatedScorer(failures=[ScorerUnavailable("down")])
    scorer.let_through()
    batcher = Batcher(scorer, largest=2, in_flight=1)
    with pytest.raises(ScorerUnavailable):
        await batcher.score(crops(*range(9)), urgent=False)
    await settle()
    assert scorer.sizes == [2]


async def test_a_defect_of_the_scorer_reaches_the_caller() -> None:
    class Defective(ScriptedScorer):
        async def score(self, crops: NDArray[np.uint8]) -> CropScores:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await Batcher(Defective()).score(crops(1), urgent=False)


async def test_a_caller_that_leaves_takes_its_waiting_crops_along() -> None:
    scorer = GatedScorer()
    batcher = Batcher(scorer, in_flight=1)
    first = start(batcher, 1)
    await settle()
    leaving = start(batcher, 2, 3)
    await settle()
    leaving.cancel()
    await settle()
    scorer.let_through()
    await first
    await settle()
    assert scorer.sizes == [1]


async def test_every_request_is_reported_with_its_size() -> None:
    sent: list[SentRequest] = []
    scorer = GatedScorer(failures=[ScorerUnavailable("down"), None])
    scorer.let_through()
    batcher = Batcher(scorer, largest=4, observe=sent.append)
    with pytest.raises(ScorerUnavailable):
        await batcher.score(crops(1), urgent=True)
    await asyncio.gather(start(batcher, 1, 2), start(batcher, 3))
    assert [(one.crops, one.uploads, one.succeeded) for one in sent] == [
        (1, 1, False),
        (3, 2, True),
    ]


async def test_closing_fails_those_who_wait_and_leaves_the_scorer_to_its_owner() -> None:
    scorer = GatedScorer()
    batcher = Batcher(scorer, in_flight=1)
    tasks = [start(batcher, 1)]
    await settle()
    tasks.append(start(batcher, 2))
    await settle()
    await batcher.close()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ScorerUnavailable, ScorerUnavailable]
    assert scorer.sizes == [1]
    assert scorer.at_once == 0
    assert not scorer.closed


async def test_an_upload_without_crops_is_a_defect_of_the_caller() -> None:
    with pytest.raises(ValueError, match="without crops"):
        await Batcher(ScriptedScorer()).score(crops(), urgent=True)
