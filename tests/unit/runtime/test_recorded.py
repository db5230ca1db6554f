"""What pages are told of single crops is what the bundle behind the verdict said of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from moderation.lineage import Lineage, ModelIdentity
from moderation.scores import CropScore
from runtime.settings import Scoring, Settings
from runtime.wiring.bundles import chosen_bundle
from runtime.wiring.recorded import RecordedBehind
from storage.in_memory import InMemoryMediaStore
from streams.recorded import RecordedScores, encode, score_key
from tests.builders import CROP
from tests.contracts.words import a_verdict

PACK = "packs/acme/ab/x.zip"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(scoring=Scoring(bundles=tmp_path))


def verdict_of(model: ModelIdentity | None):
    lineage = Lineage(pipeline="1", policy_name="p", policy_sha256="ab" * 32, model=model)
    return a_verdict(lineage=lineage, face_pack=PACK)


async def test_recorded_scores_come_with_the_fusion_of_their_own_bundle(
    settings: Settings,
) -> None:
    bundle = chosen_bundle(settings)
    score = CropScore(crop=CROP, logits={"any": 1.5})
    said = RecordedScores(model=bundle.identity, tracks=(), scores=(score,))
    store = InMemoryMediaStore({score_key(PACK, bundle.identity, "json"): encode(said)})

    found = await RecordedBehind(settings, store)(verdict_of(bundle.identity))

    assert found is not None
    assert (found.scores, found.fusion) == ((score,), bundle.fusion())


async def test_there_is_nothing_where_nothing_is_kept_or_nobody_knows_the_bundle(
    settings: Settings,
) -> None:
    identity = chosen_bundle(settings).identity
    damaged = InMemoryMediaStore({score_key(PACK, identity, "json"): b"{}"})
    unknown = ModelIdentity(name="gone", version="1", sha256="ef" * 32)

    assert await RecordedBehind(settings, InMemoryMediaStore())(verdict_of(identity)) is None
    assert await RecordedBehind(settings, damaged)(verdict_of(identity)) is None
    assert await RecordedBehind(settings, damaged)(verdict_of(unknown)) is None
    assert await RecordedBehind(settings, damaged)(verdict_of(None)) is None
    no_face = replace(verdict_of(identity), face_pack=None)
    assert await RecordedBehind(settings, damaged)(no_face) is None
