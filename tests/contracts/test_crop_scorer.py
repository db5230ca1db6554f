"""What every CropScorer promises: the scripted one, OpenVINO in process, and a real Triton."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.bundles.bundle import PACKAGED, open_bundle
from inference.in_memory import ScriptedScorer
from inference.ports import CropScorer
from inference.scoring.local import LocalScorer
from inference.scoring.triton import TritonScorer
from moderation.errors import ScorerMismatch

BUNDLE = open_bundle(PACKAGED)
MODEL = BUNDLE.manifest.models[0]

# Sums of a batch are taken in another order than those of one crop.
TOLERANCE = 1e-3


@pytest.fixture(params=["scripted", "local", "triton"])
async def scorer(request: pytest.FixtureRequest) -> AsyncIterator[CropScorer]:
    made = make_scorer(request)
    yield made
    await made.close()


@pytest.fixture(params=["local", "triton"])
async def model_scorer(request: pytest.FixtureRequest) -> AsyncIterator[CropScorer]:
    made = make_scorer(request)
    yield made
    await made.close()


def make_scorer(request: pytest.FixtureRequest) -> CropScorer:
    if request.param == "scripted":
        return ScriptedScorer(embedding=MODEL.embedding)
    if request.param == "local":
        return local_scorer()
    return served_scorer(request)


def local_scorer() -> LocalScorer:
    return LocalScorer(PACKAGED / MODEL.model, embedding=MODEL.embedding, version=MODEL.version)


def served_scorer(request: pytest.FixtureRequest) -> TritonScorer:
    address = request.getfixturevalue("triton").grpc
    return TritonScorer(address, model=MODEL.model, embedding=MODEL.embedding)


def crops(count: int, seed: int = 0) -> NDArray[np.uint8]:
    """Crops of which each has a brightness of its own."""
    noise = np.random.default_rng(seed).integers(0, 60, (count, 224, 224, 3))
    return (noise + np.linspace(0, 190, count)[:, None, None, None]).astype(np.uint8)


@pytest.mark.parametrize("count", [1, 32])
async def test_every_crop_gets_a_logit_and_an_embedding(scorer: CropScorer, count: int) -> None:
    scores = await scorer.score(crops(count))
    assert (scores.logits.shape, scores.logits.dtype) == ((count,), np.float32)
    assert (scores.embeddings.shape, scores.embeddings.dtype) == (
        (count, MODEL.embedding),
        np.float32,
    )


async def test_scores_come_in_the_order_of_the_crops(scorer: CropScorer) -> None:
    forth = await scorer.score(crops(5))
    back = await scorer.score(crops(5)[::-1])
    assert np.ptp(forth.logits) > 10 * TOLERANCE
    np.testing.assert_allclose(forth.logits, back.logits[::-1], atol=TOLERANCE)


async def test_a_crop_scores_alone_what_it_scores_among_others(scorer: CropScorer) -> None:
    together = await scorer.score(crops(4))
    alone = [await scorer.score(crop[None]) for crop in crops(4)]
    np.testing.assert_allclose(
        together.logits, [score.logits[0] for score in alone], atol=TOLERANCE
    )


async def test_callers_at_the_same_time_get_their_own_answers(scorer: CropScorer) -> None:
    batches = [crops(3, seed) for seed in range(6)]
    in_turn = [await scorer.score(batch) for batch in batches]
    at_once = await asyncio.gather(*[scorer.score(batch) for batch in batches])
    for one, other in zip(in_turn, at_once, strict=True):
        np.testing.assert_allclose(one.logits, other.logits, atol=TOLERANCE)


async def test_an_answer_is_not_changed_by_the_next(scorer: CropScorer) -> None:
    first = await scorer.score(crops(2, seed=1))
    kept = first.logits.copy(), first.embeddings.copy()
    await scorer.score(crops(2, seed=2))
    np.testing.assert_array_equal(first.logits, kept[0])
    np.testing.assert_array_equal(first.embeddings, kept[1])


async def test_crops_of_another_size_are_refused(scorer: CropScorer) -> None:
    with pytest.raises(ScorerMismatch):
        await scorer.score(np.zeros((2, 200, 224, 3), np.uint8))
    assert len((await scorer.score(crops(2))).logits) == 2


async def test_the_model_is_known_by_the_sha256_of_its_weights(model_scorer: CropScorer) -> None:
    assert await model_scorer.identify() == BUNDLE.weights(MODEL)


async def test_triton_and_openvino_in_process_agree(request: pytest.FixtureRequest) -> None:
    local = local_scorer()
    served = served_scorer(request)
    one, other = await local.score(crops(8)), await served.score(crops(8))
    np.testing.assert_allclose(one.logits, other.logits, atol=TOLERANCE)
    np.testing.assert_allclose(one.embeddings, other.embeddings, atol=TOLERANCE)
    await local.close()
    await served.close()
