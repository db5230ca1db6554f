"""What the scorer does when Triton fails, by script where a real one cannot be made to."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator

import grpc
import numpy as np
import pytest
from tritonclient.grpc.aio import InferenceServerClient

from inference.bundles.bundle import PACKAGED, open_bundle
from inference.scoring.triton import Patience, TritonScorer
from moderation.errors import ScorerMismatch, ScorerUnavailable
from runtime.embedded.triton import EmbeddedTriton
from tests.parts.scripted_triton import SCRIPTED_EMBEDDING, empty, not_finite, serving, sound
from tests.parts.servers import stubs_of

CROPS = np.zeros((2, 224, 224, 3), np.uint8)
PATIENT = Patience(pause_seconds=0.001, longest_pause_seconds=0.01)
HURRIED = Patience(
    deadline_seconds=0.2, budget_seconds=0.5, pause_seconds=0.001, longest_pause_seconds=0.01
)

EMBEDDING = open_bundle(PACKAGED).manifest.models[0].embedding


def scorer_of(
    address: str,
    patience: Patience = PATIENT,
    *,
    model: str = "face_blending",
    embedding: int = SCRIPTED_EMBEDDING,
    version: str = "",
    may_reload: bool = True,
) -> TritonScorer:
    return TritonScorer(
        address,
        model=model,
        embedding=embedding,
        version=version,
        patience=patience,
        may_reload=may_reload,
    )


@pytest.fixture
async def served(triton: EmbeddedTriton) -> AsyncIterator[TritonScorer]:
    scorer = scorer_of(triton.grpc, embedding=EMBEDDING)
    await scorer.score(CROPS)
    yield scorer
    await scorer.close()


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED])
async def test_a_server_that_recovers_is_asked_again(code: grpc.StatusCode) -> None:
    async with serving(code, code, sound) as (player, address):
        scorer = scorer_of(address)
        assert (await scorer.score(CROPS)).logits.tolist() == [0.0, 1.0]
        assert player.calls == ["infer", "infer", "infer"]
        await scorer.close()


async def test_a_refused_request_is_not_sent_again() -> None:
    async with serving(grpc.StatusCode.INVALID_ARGUMENT) as (player, address):
        scorer = scorer_of(address)
        with pytest.raises(ScorerMismatch):
            await scorer.score(CROPS)
        assert player.calls == ["infer"]
        await scorer.close()


async def test_insisting_ends_with_the_budget() -> None:
    async with serving(grpc.StatusCode.UNAVAILABLE) as (player, address):
        scorer = scorer_of(address, HURRIED)
        with pytest.raises(ScorerUnavailable):
            await scorer.score(CROPS)
        assert len(player.calls) > 1
        await scorer.close()


@pytest.mark.parametrize("nonsense", [empty, not_finite, grpc.StatusCode.INTERNAL])
async def test_a_model_that_answers_nonsense_is_loaded_anew(nonsense: object) -> None:
    async with serving(nonsense, sound) as (player, address):
        scorer = scorer_of(address)
        assert len((await scorer.score(CROPS)).logits) == 2
        assert player.calls == ["infer", "unload", "load", "infer"]
        await scorer.close()


async def test_a_model_that_is_broken_for_good_is_not_loaded_without_end() -> None:
    async with serving(empty) as (player, address):
        scorer = scorer_of(address, HURRIED)
        with pytest.raises(ScorerUnavailable):  # its nonsense, or too late for another attempt
            await scorer.score(CROPS)
        assert player.calls.count("infer") >= 2
        assert player.calls.count("load") == 1
        await scorer.close()


async def test_a_server_of_others_is_left_as_it_is() -> None:
    async with serving(empty, sound) as (player, address):
        scorer = scorer_of(address, may_reload=False)
        await scorer.score(CROPS)
        assert player.calls == ["infer", "infer"]
        await scorer.close()


async def test_a_model_that_another_client_reloads_is_waited_for() -> None:
    index = {"face_blending": "UNAVAILABLE"}
    async with serving(grpc.StatusCode.NOT_FOUND, sound, index=index) as (player, address):
        scorer = scorer_of(address)
        assert len((await scorer.score(CROPS)).logits) == 2
        assert player.calls[:2] == ["infer", "index"]
        await scorer.close()


async def test_a_model_that_the_repository_lacks_is_not_waited_for() -> None:
    index = {"another_model": "READY"}
    async with serving(grpc.StatusCode.NOT_FOUND, index=index) as (player, address):
        scorer = scorer_of(address)
        with pytest.raises(ScorerMismatch):
            await scorer.score(CROPS)
        assert player.calls == ["infer", "index"]
        await scorer.close()


async def test_a_model_that_hides_its_weights_is_not_trusted() -> None:
    async with serving(sound) as (_, address):
        scorer = scorer_of(address)
        with pytest.raises(ScorerMismatch, match="does not say"):
            await scorer.identify()
        await scorer.close()


async def test_a_real_server_without_the_model_is_a_mismatch(triton: EmbeddedTriton) -> None:
    scorer = scorer_of(triton.grpc, model="no_such_model")
    with pytest.raises(ScorerMismatch):
        await scorer.score(CROPS)
    with pytest.raises(ScorerMismatch):
        await scorer.identify()
    await scorer.close()


async def test_a_real_server_without_the_version_is_a_mismatch(triton: EmbeddedTriton) -> None:
    scorer = scorer_of(triton.grpc, embedding=EMBEDDING, version="7")
    with pytest.raises(ScorerMismatch):
        await scorer.score(CROPS)
    await scorer.close()


async def test_a_dead_stub_is_replaced(triton: EmbeddedTriton, served: TritonScorer) -> None:
    """Triton does not, and says that the model is ready all the while."""
    for pid in stubs_of(triton):
        os.kill(pid, signal.SIGKILL)
    client = InferenceServerClient(triton.grpc)
    assert await client.is_model_ready("face_blending")
    await client.close()
    assert len((await served.score(CROPS)).logits) == 2


async def test_an_unloaded_model_is_loaded(triton: EmbeddedTriton, served: TritonScorer) -> None:
    client = InferenceServerClient(triton.grpc)
    await client.unload_model("face_blending")
    await client.close()
    assert len((await served.score(CROPS)).logits) == 2


async def test_a_server_that_was_killed_is_used_again_once_it_is_back(
    triton: EmbeddedTriton, served: TritonScorer
) -> None:
    await triton.server.kill()
    hurried = scorer_of(triton.grpc, HURRIED, embedding=EMBEDDING)
    with pytest.raises(ScorerUnavailable):
        await hurried.score(CROPS)
    await hurried.close()
    await triton.server.start()
    assert len((await served.score(CROPS)).logits) == 2
