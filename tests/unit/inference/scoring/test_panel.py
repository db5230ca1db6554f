"""All detectors of a bundle look at the same crops."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.bundles.bundle import Bundle
from inference.faces.facepack import FacePack
from inference.faces.transitions import NAMES
from inference.ports import CropScores
from inference.scoring.panel import Panel
from moderation.errors import ScorerUnavailable
from moderation.scores import TrackScore
from tests.builders import CROP, FACTS, TRACK
from tests.bundles import BLENDING, GENERATION, SCREEN, SEAMS, TRANSITIONS, WIDTH, make_bundle

PACK = FacePack(
    facts=FACTS,
    tracks=(TRACK,),
    crops=tuple(replace(CROP, crop_id=number) for number in range(3)),
    preprocessing="crops-1",
    pixels=np.zeros((3, 224, 224, 3), np.uint8),
)


class Model:
    """Says 1, 2, 3 … of crops; each embedding's values are ten times that."""

    def __init__(self, width: int = WIDTH, failure: Exception | None = None) -> None:
        self._width = width
        self._failure = failure
        self.asked: list[bool] = []
        self.cancelled = False

    async def score(self, crops: NDArray[np.uint8], *, urgent: bool) -> CropScores:
        self.asked.append(urgent)
        if self._failure is not None:
            raise self._failure
        logits = np.arange(1, len(crops) + 1, dtype=np.float32)
        return CropScores(logits=logits, embeddings=np.repeat(10 * logits[:, None], self._width, 1))


class Silent(Model):
    async def score(self, crops: NDArray[np.uint8], *, urgent: bool) -> CropScores:
        try:
            return await asyncio.Future()
        finally:
            self.cancelled = True


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return make_bundle(tmp_path, detectors=(GENERATION, BLENDING, SEAMS), screens=(SCREEN,))


def models() -> dict[str, Model]:
    return {"blending": Model(), "seams": Model(WIDTH + 1)}


async def test_every_detector_gives_each_crop_a_logit_in_the_order_of_the_manifest(
    bundle: Bundle,
) -> None:
    answers = await Panel(bundle, models()).ask(PACK, urgent=True)
    assert [score.crop for score in answers.scores] == list(PACK.crops)
    assert [dict(score.logits) for score in answers.scores] == [
        {"generation": 10.0, "blending": 1.0, "seams": 1.0},
        {"generation": 20.0, "blending": 2.0, "seams": 2.0},
        {"generation": 30.0, "blending": 3.0, "seams": 3.0},
    ]
    assert list(answers.scores[0].logits) == ["generation", "blending", "seams"]


async def test_screens_are_probabilities_and_the_distance_is_that_of_the_reference(
    bundle: Bundle,
) -> None:
    answers = await Panel(bundle, models()).ask(PACK, urgent=True)
    assert answers.scores[0].screens == {"occluded": 1.0, "rescreened": 1.0}
    assert [score.embedding_distance for score in answers.scores] == [10.0, 20.0, 30.0]


def test_a_screen_says_half_at_a_logit_of_zero(bundle: Bundle) -> None:
    nothing = CropScores(
        logits=np.zeros(3, np.float32), embeddings=np.zeros((3, WIDTH), np.float32)
    )
    other = CropScores(logits=nothing.logits, embeddings=np.zeros((3, WIDTH + 1), np.float32))
    answers = Panel(bundle, models()).read(PACK, {"blending": nothing, "seams": other})
    assert answers.scores[0].screens == {"occluded": 0.5, "rescreened": 0.5}


async def test_what_the_models_said_is_kept_as_it_came(bundle: Bundle) -> None:
    answers = await Panel(bundle, models()).ask(PACK, urgent=True)
    assert {name: said.embeddings.shape for name, said in answers.by_model.items()} == {
        "blending": (3, WIDTH),
        "seams": (3, WIDTH + 1),
    }


@pytest.mark.parametrize("urgent", [True, False])
async def test_every_model_is_asked_once_and_told_of_the_hurry(
    bundle: Bundle, urgent: bool
) -> None:
    asked = models()
    await Panel(bundle, asked).ask(PACK, urgent=urgent)
    assert [model.asked for model in asked.values()] == [[urgent], [urgent]]


async def test_one_model_that_fails_fails_the_upload_and_the_others_are_let_go(
    bundle: Bundle,
) -> None:
    asked = {"blending": Model(failure=ScorerUnavailable("gone")), "seams": Silent()}
    with pytest.raises(ScorerUnavailable, match="gone"):
        await Panel(bundle, asked).ask(PACK, urgent=True)
    await asyncio.sleep(0)
    assert asked["seams"].cancelled


async def test_a_bundle_without_reference_and_screens_says_nothing_of_them(tmp_path: Path) -> None:
    panel = Panel(make_bundle(tmp_path, reference=None), {"blending": Model()})
    (score, *_) = (await panel.ask(PACK, urgent=True)).scores
    assert (score.embedding_distance, score.screens) == (None, {})


TWO_TRACKS = replace(
    PACK,
    tracks=(TRACK, replace(TRACK, track_id=7), replace(TRACK, track_id=8)),
    crops=(
        replace(CROP, crop_id=0, at_seconds=0.5),
        replace(CROP, crop_id=1, track_id=7, at_seconds=1.0),
        replace(CROP, crop_id=2, at_seconds=0.75),
    ),
)

Floats = NDArray[np.float32]


def when_close(
    pixels: NDArray[np.uint8], embeddings: Floats, at_seconds: Sequence[float]
) -> Floats | None:
    """The sum of the embeddings, of tracks that have more than one crop."""
    assert len(pixels) == len(embeddings) == len(at_seconds)
    return np.full(len(NAMES), embeddings[:, 0].sum()) if len(at_seconds) > 1 else None


async def test_a_track_is_described_by_its_own_crops_and_scored_once(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path, detectors=(BLENDING, TRANSITIONS))
    panel = Panel(bundle, {"blending": Model()}, track_features=when_close)
    answers = await panel.ask(TWO_TRACKS, urgent=True)
    assert answers.track_scores == (TrackScore(track_id=0, logits={"transitions": 40.0}),)
    assert dict(answers.scores[0].logits) == {"blending": 1.0}


async def test_a_detector_over_tracks_may_watch_another_model(tmp_path: Path) -> None:
    watching = replace(TRANSITIONS, of="seams")
    bundle = make_bundle(tmp_path, detectors=(BLENDING, SEAMS, watching))
    widths = []

    def features(pixels: NDArray[np.uint8], embeddings: Floats, at: Sequence[float]) -> Floats:
        widths.append(embeddings.shape[1])
        return np.zeros(len(NAMES), np.float32)

    await Panel(bundle, models(), track_features=features).ask(PACK, urgent=True)
    assert widths == [WIDTH + 1]


async def test_features_are_those_of_bursts_unless_others_are_given(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path, detectors=(BLENDING, TRANSITIONS))
    answers = await Panel(bundle, {"blending": Model()}).ask(TWO_TRACKS, urgent=True)
    assert answers.track_scores == ()  # no track has three close crops


async def test_an_upload_costs_what_every_model_says_and_the_heads_besides(bundle: Bundle) -> None:
    class Priced(Model):
        async def score(self, crops: NDArray[np.uint8], *, urgent: bool) -> CropScores:
            return replace(await super().score(crops, urgent=urgent), seconds=1.5)

    priced = {"blending": Priced(), "seams": Priced(WIDTH + 1)}
    free = (await Panel(bundle, models()).ask(PACK, urgent=True)).seconds
    assert free > 0
    assert (await Panel(bundle, priced).ask(PACK, urgent=True)).seconds > 3.0
