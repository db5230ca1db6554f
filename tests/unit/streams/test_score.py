from __future__ import annotations

import io

import numpy as np
import pytest

from inference.faces import facepack
from inference.faces.facepack import FacePack
from inference.ports import CropScores
from inference.scoring.panel import Answers
from moderation.errors import MissingPack
from moderation.looks import Look
from moderation.provenance import Provenance, ProvenanceState
from moderation.scores import CropScore, TrackScore
from moderation.upload import Lane
from storage.in_memory import InMemoryMediaStore
from streams.messages import SCORED, FacesFound, UploadScored
from streams.recorded import decode, score_key
from streams.score import Score
from tests.builders import CROP, FACTS, MODEL, TOPICS, TRACK, an_upload

KEY = "packs/acme/abab/crops-1.zip"
PIXELS = np.full((1, 224, 224, 3), 90, np.uint8)


class Panel:
    """Says 1.5 of every crop, with an embedding of 6 and 8, and 0.25 of the track."""

    def __init__(self) -> None:
        self.urgent: list[bool] = []

    async def ask(self, pack: FacePack, *, urgent: bool) -> Answers:
        self.urgent.append(urgent)
        count = len(pack.crops)
        said = CropScores(
            logits=np.full(count, 1.5, np.float32),
            embeddings=np.repeat(np.array([[6.0, 8.0]], np.float32), count, 0),
        )
        return Answers(
            scores=tuple(
                CropScore(crop=crop, logits={"blending": 1.5}, embedding_distance=2.0)
                for crop in pack.crops
            ),
            track_scores=(TrackScore(track_id=0, logits={"transitions": 0.25}),),
            by_model={"blending": said},
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
    (message,) = await Score(Panel(), MODEL, store, TOPICS)(faces())
    scored = SCORED.decode(message.value)
    assert message.topic == TOPICS.scores(Lane.LIVE)
    assert scored.model == MODEL
    (score,) = scored.scores
    assert (score.crop, score.logits, score.embedding_distance) == (CROP, {"blending": 1.5}, 2.0)


async def test_what_is_said_of_whole_tracks_travels_with_the_crops() -> None:
    store = InMemoryMediaStore({KEY: a_pack()})
    (message,) = await Score(Panel(), MODEL, store, TOPICS)(faces())
    scored = SCORED.decode(message.value)
    assert scored.track_scores == (TrackScore(track_id=0, logits={"transitions": 0.25}),)


async def test_how_the_media_looks_travels_on() -> None:
    looks = (Look(pdq="0f" * 32, quality=60),)
    store = InMemoryMediaStore({KEY: a_pack()})
    (message,) = await Score(Panel(), MODEL, store, TOPICS)(faces(looks=looks))
    assert SCORED.decode(message.value).looks == looks


async def test_embeddings_stay_in_the_store_beside_the_faces() -> None:
    store = InMemoryMediaStore({KEY: a_pack()})
    (message,) = await Score(Panel(), MODEL, store, TOPICS)(faces())
    pack = SCORED.decode(message.value).score_pack
    with np.load(io.BytesIO(await store.read(pack))) as kept:
        assert kept["blending.logits"].tolist() == [1.5]
        assert kept["blending.embeddings"].tolist() == [[6.0, 8.0]]


async def test_what_a_verdict_is_decided_from_is_kept_beside_the_faces() -> None:
    store = InMemoryMediaStore({KEY: a_pack()})
    (message,) = await Score(Panel(), MODEL, store, TOPICS)(faces())
    kept = decode(await store.read(score_key(KEY, MODEL, "json")))
    scored = SCORED.decode(message.value)
    assert (kept.model, kept.tracks) == (scored.model, scored.tracks)
    assert (kept.scores, kept.track_scores) == (scored.scores, scored.track_scores)


@pytest.mark.parametrize(
    "objects", [{}, {KEY: b"damaged"}, {KEY: a_pack()[:-200]}], ids=["gone", "damaged", "cut"]
)
async def test_a_pack_that_is_not_there_whole_is_our_own_fault(objects: dict[str, bytes]) -> None:
    score = Score(Panel(), MODEL, InMemoryMediaStore(objects), TOPICS)
    with pytest.raises(MissingPack):
        await score(faces())


@pytest.mark.parametrize(("lane", "urgent"), [(Lane.LIVE, True), (Lane.BACKFILL, False)])
async def test_the_lane_says_who_is_scored_first(lane: Lane, urgent: bool) -> None:
    panel = Panel()
    store = InMemoryMediaStore({KEY: a_pack()})
    await Score(panel, MODEL, store, TOPICS)(faces(upload=an_upload(lane=lane)))
    assert panel.urgent == [urgent]


class Offered(list[UploadScored]):
    """What a second bundle was offered."""

    def offer(self, pack: FacePack, scored: UploadScored, answers: Answers) -> None:
        assert len(pack.pixels) == len(answers.scores)
        self.append(scored)


async def test_who_looks_beside_is_offered_what_was_scored_and_changes_nothing_of_it() -> None:
    offered, message = Offered(), faces()
    alone = Score(Panel(), MODEL, InMemoryMediaStore({KEY: a_pack()}), TOPICS)
    store = InMemoryMediaStore({KEY: a_pack()})
    watched = Score(Panel(), MODEL, store, TOPICS, beside=offered)
    (told,), (expected,) = await watched(message), await alone(message)
    assert told.value == expected.value
    assert offered == [SCORED.decode(told.value)]


async def test_what_could_not_be_scored_or_is_scored_anew_is_not_offered() -> None:
    offered = Offered()
    store = InMemoryMediaStore({KEY: a_pack()})
    await Score(Panel(), MODEL, store, TOPICS, beside=offered).score(faces(), urgent=False)
    with pytest.raises(MissingPack):
        await Score(Panel(), MODEL, InMemoryMediaStore({}), TOPICS, beside=offered)(faces())
    assert offered == []
