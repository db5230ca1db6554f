from __future__ import annotations

import io

import numpy as np
import pytest

from inference import facepack
from inference.calibration import EmbeddingReference
from inference.facepack import FacePack
from inference.ports import CropScores
from moderation.errors import MissingPack
from moderation.provenance import Provenance, ProvenanceState
from moderation.upload import Lane
from storage.in_memory import InMemoryMediaStore
from streams.messages import SCORED, FacesFound
from streams.score import Score
from tests.builders import CROP, FACTS, MODEL, TOPICS, TRACK, an_upload

KEY = "packs/acme/abab/crops-1.zip"
PIXELS = np.full((1, 224, 224, 3), 90, np.uint8)
REFERENCE = EmbeddingReference(
    mean=np.zeros(4, np.float32),
    components=np.eye(2, 4, dtype=np.float32),
    scales=np.ones(2, np.float32),
    percentile_99=5.0,
)


class Scorer:
    """Says 1.5 of every crop, with an embedding 10 away from the mean."""

    def __init__(self) -> None:
        self.urgent: list[bool] = []

    async def score(self, crops: np.ndarray, *, urgent: bool) -> CropScores:
        self.urgent.append(urgent)
        embedding = np.array([[6.0, 8.0, 0.0, 0.0]], np.float32)
        return CropScores(
            logits=np.full(len(crops), 1.5, np.float32),
            embeddings=np.repeat(embedding, len(crops), 0),
        )


def a_pack() -> bytes:
    return facepack.write(
        FacePack(
            facts=FACTS, tracks=(TRACK,), crops=(CROP,), pixels=PIXELS, preprocessing="crops-1"
        )
    )


def faces(**changes: object) -> FacesFound:
    whole = {
        "upload": an_upload(),
        "media": FACTS,
        "provenance": Provenance(state=ProvenanceState.UNKNOWN),
        "face_pack": KEY,
        "preprocessing": "crops-1",
    }
    return FacesFound(**{**whole, **changes})


async def test_each_crop_gets_its_logit_and_its_distance() -> None:
    store = InMemoryMediaStore({KEY: a_pack()})
    (message,) = await Score(Scorer(), MODEL, REFERENCE, store, TOPICS)(faces())
    scored = SCORED.decode(message.value)
    assert message.topic == TOPICS.scores(Lane.LIVE)
    assert scored.model == MODEL
    (score,) = scored.scores
    assert (score.crop, score.logits, score.embedding_distance) == (CROP, {"blending": 1.5}, 2.0)


async def test_embeddings_stay_in_the_store_beside_the_faces() -> None:
    store = InMemoryMediaStore({KEY: a_pack()})
    (message,) = await Score(Scorer(), MODEL, REFERENCE, store, TOPICS)(faces())
    pack = SCORED.decode(message.value).score_pack
    with np.load(io.BytesIO(await store.read(pack))) as kept:
        assert kept["embeddings"].tolist() == [[6.0, 8.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    "objects", [{}, {KEY: b"damaged"}, {KEY: a_pack()[:-200]}], ids=["gone", "damaged", "cut"]
)
async def test_a_pack_that_is_not_there_whole_is_our_own_fault(objects: dict[str, bytes]) -> None:
    score = Score(Scorer(), MODEL, REFERENCE, InMemoryMediaStore(objects), TOPICS)
    with pytest.raises(MissingPack):
        await score(faces())


@pytest.mark.parametrize(("lane", "urgent"), [(Lane.LIVE, True), (Lane.BACKFILL, False)])
async def test_the_lane_says_who_is_scored_first(lane: Lane, urgent: bool) -> None:
    scorer = Scorer()
    store = InMemoryMediaStore({KEY: a_pack()})
    await Score(scorer, MODEL, REFERENCE, store, TOPICS)(faces(upload=an_upload(lane=lane)))
    assert scorer.urgent == [urgent]
