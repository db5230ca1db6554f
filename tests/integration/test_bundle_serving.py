"""A bundle of two models on a real Triton: loaded whole, asked, and refused when other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from inference.bundles.bundle import Bundle
from inference.bundles.store import BundleStore
from inference.faces.facepack import FacePack
from inference.scoring.local import local_panel
from moderation.errors import PartUnavailable, ScorerMismatch, ScorerUnavailable
from runtime.doctor import examine
from runtime.embedded.triton import EmbeddedTriton, embedded_triton
from runtime.settings import Scoring, Settings
from runtime.wiring.scoring import check_served, open_panel, open_scorers
from tests.builders import CROP, FACTS, TRACK
from tests.bundles import BLENDING, GENERATION, SCREEN, SEAMS, make_bundle
from tests.parts.loops import run
from tests.parts.missing import skip_or_fail
from tests.parts.servers import TRITON_ENVIRONMENT

PACK = FacePack(
    facts=FACTS,
    tracks=(TRACK,),
    crops=(CROP, CROP),
    preprocessing="crops-1",
    pixels=np.stack([np.full((224, 224, 3), value, np.uint8) for value in (51, 204)]),
)
DETECTORS = (BLENDING, SEAMS, GENERATION)
EXPECTED = [
    {"blending": -2.4, "seams": 2.4, "generation": -2.4},
    {"blending": 2.4, "seams": -2.4, "generation": 2.4},
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> BundleStore:
    """Of two bundles that differ in the weights of one model."""
    folder = tmp_path_factory.mktemp("bundles")
    store = BundleStore(folder / "bundles")
    for version, slopes in (("1", (8.0, -8.0)), ("2", (8.0, -6.0))):
        made = make_bundle(
            folder / version, slopes=slopes, version=version, detectors=DETECTORS, screens=(SCREEN,)
        )
        store.install(made.folder)
    return store


@pytest.fixture(scope="module")
def bundle(store: BundleStore) -> Bundle:
    return store.find("test-faces:1")


@pytest.fixture(scope="module")
def serving(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedTriton]:
    """A Triton server with the first of them."""
    try:
        server = embedded_triton(
            environment=TRITON_ENVIRONMENT,
            repository=bundle.folder,
            models=[detector.model for detector in bundle.manifest.models],
            state=tmp_path_factory.mktemp("triton-bundle"),
        )
    except PartUnavailable as missing:
        skip_or_fail(missing.detail)
    run(server.server.start())
    yield server
    run(server.server.stop())


def settings(store: BundleStore, serving: EmbeddedTriton, title: str) -> Settings:
    return Settings(scoring=Scoring(bundles=store.folder, bundle=title, triton=serving.grpc))


async def test_every_model_of_a_bundle_is_served_and_answers(
    store: BundleStore, bundle: Bundle, serving: EmbeddedTriton
) -> None:
    named = settings(store, serving, "test-faces:1")
    async with open_scorers(named, bundle) as scorers:
        await check_served(bundle, scorers)
        async with open_panel(named, bundle, scorers) as panel:
            answers = await panel.ask(PACK, urgent=True)
    for score, expected in zip(answers.scores, EXPECTED, strict=True):
        assert score.logits == pytest.approx(expected, abs=1e-3)
    assert answers.by_model["seams"].embeddings.shape == (2, SEAMS.embedding)


async def test_triton_and_the_process_itself_say_the_same_of_a_bundle(
    store: BundleStore, bundle: Bundle, serving: EmbeddedTriton
) -> None:
    named = settings(store, serving, "test-faces:1")
    async with (
        open_scorers(named, bundle) as scorers,
        open_panel(named, bundle, scorers) as panel,
    ):
        served = await panel.ask(PACK, urgent=True)
    local = await local_panel(bundle, threads=1).ask(PACK, urgent=True)
    for one, other in zip(served.scores, local.scores, strict=True):
        assert one.logits == pytest.approx(other.logits, abs=1e-3)
        assert one.screens == pytest.approx(other.screens, abs=1e-3)
        assert one.embedding_distance == pytest.approx(other.embedding_distance, abs=1e-3)


async def test_a_server_of_another_bundle_is_refused_in_one_line_with_what_to_do(
    store: BundleStore, serving: EmbeddedTriton
) -> None:
    other = store.find("test-faces:2")
    async with open_scorers(settings(store, serving, "test-faces:2"), other) as scorers:
        with pytest.raises(ScorerMismatch, match="seams 1 is served with the weights") as refused:
            await check_served(other, scorers)
    assert f"point Triton at {other.folder}" in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_the_doctor_asks_every_model(store: BundleStore, serving: EmbeddedTriton) -> None:
    found = {
        title: [
            one async for one in examine(settings(store, serving, title)) if one.part == "scoring"
        ]
        for title in ("test-faces:1", "test-faces:2")
    }
    (well,), (ill,) = found.values()
    assert (well.remedy, ill.remedy is None) == (None, False)
    assert well.detail == "bundle test-faces:1, face_blending, seams answer (triton)"
    assert "seams 1 is served with the weights" in ill.detail


async def test_what_a_server_of_other_weights_answers_later_does_not_count(
    store: BundleStore, serving: EmbeddedTriton
) -> None:
    """The server has bundle 1; the worker was started when it had bundle 2."""
    other = store.find("test-faces:2")
    named = settings(store, serving, "test-faces:2")
    async with (
        open_scorers(named, other) as scorers,
        open_panel(named, other, scorers) as panel,
    ):
        with pytest.raises(ScorerUnavailable, match="seams 1 is served with other weights"):
            await panel.ask(PACK, urgent=True)
