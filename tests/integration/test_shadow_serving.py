"""One real Triton with the models of two bundles, of which one must not disturb the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from inference.bundles.beside import lay_out_beside
from inference.bundles.bundle import Bundle
from inference.bundles.store import BundleStore
from inference.faces.facepack import FacePack
from moderation.errors import PartUnavailable, ScorerMismatch, ScorerUnavailable
from runtime.doctor import examine
from runtime.embedded.triton import EmbeddedTriton, embedded_triton
from runtime.settings import Scoring, Settings, Shadow
from runtime.wiring.scoring import check_served, open_panel, open_scorers
from runtime.wiring.shadow import open_shadow_scorers, shadow_bundle
from tests.builders import CROP, FACTS, TRACK
from tests.bundles import BLENDING, SEAMS, make_bundle
from tests.parts.loops import run
from tests.parts.missing import skip_or_fail
from tests.parts.servers import TRITON_ENVIRONMENT

BRIGHT = np.full((2, 224, 224, 3), 255, np.uint8)
PACK = FacePack(
    facts=FACTS,
    tracks=(TRACK,),
    crops=(CROP, CROP),
    preprocessing="crops-1",
    pixels=BRIGHT,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> BundleStore:
    """Of two bundles whose models have the same names and other weights."""
    folder = tmp_path_factory.mktemp("bundles")
    store = BundleStore(folder / "bundles")
    for version, slopes in (("1", (8.0, 8.0)), ("2", (4.0, 4.0))):
        made = make_bundle(
            folder / version, version=version, slopes=slopes, detectors=(BLENDING, SEAMS)
        )
        store.install(made.folder)
    return store


@pytest.fixture(scope="module")
def serving(store: BundleStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A server of the first bundle that may load the second's models; one of these is broken."""
    beside = tmp_path_factory.mktemp("beside")
    lay_out_beside(store.find("test-faces:2"), beside)
    (beside / "shadow.seams" / "1" / "model.onnx").write_bytes(b"no network")
    server = _server(store.find("test-faces:1"), beside, tmp_path_factory.mktemp("triton-shadow"))
    run(server.server.start())
    yield Settings(
        scoring=Scoring(bundles=store.folder, bundle="test-faces:1", triton=server.grpc),
        shadow=Shadow(bundle="test-faces:2", within="20"),
    )
    run(server.server.stop())


def _server(bundle: Bundle, beside: Path, state: Path) -> EmbeddedTriton:
    try:
        return embedded_triton(
            environment=TRITON_ENVIRONMENT,
            repository=bundle.folder,
            models=[detector.model for detector in bundle.manifest.models],
            state=state,
            beside=beside,
        )
    except PartUnavailable as missing:
        skip_or_fail(missing.detail)


async def test_both_bundles_answer_under_their_own_names_and_the_one_that_serves_as_before(
    serving: Settings, store: BundleStore
) -> None:
    bundle, shadow = store.find("test-faces:1"), shadow_bundle(serving)
    async with (
        open_scorers(serving, bundle) as scorers,
        open_panel(serving, bundle, scorers) as panel,
        open_shadow_scorers(serving, shadow) as beside,
    ):
        await check_served(bundle, scorers)
        before = await panel.ask(PACK, urgent=True)
        said = await beside["blending"].score(BRIGHT)
        identity = await beside["blending"].identify()
        after = await panel.ask(PACK, urgent=True)
        await check_served(bundle, scorers)
    assert said.logits == pytest.approx([2.0, 2.0], abs=1e-3)
    assert (identity.name, identity.sha256) == (
        "shadow.face_blending",
        shadow.weights(BLENDING).sha256,
    )
    assert before.scores == after.scores
    assert before.scores[0].logits == pytest.approx({"blending": 4.0, "seams": 4.0}, abs=1e-3)


async def test_a_model_that_cannot_be_loaded_is_the_shadows_failure_alone(
    serving: Settings, store: BundleStore
) -> None:
    bundle, shadow = store.find("test-faces:1"), shadow_bundle(serving)
    quick = serving.model_copy(update={"shadow": Shadow(bundle="test-faces:2", within="2")})
    async with (
        open_scorers(serving, bundle) as scorers,
        open_shadow_scorers(quick, shadow) as beside,
    ):
        with pytest.raises((ScorerUnavailable, ScorerMismatch)):
            await beside["seams"].score(BRIGHT)
        assert (await scorers["seams"].score(BRIGHT)).logits == pytest.approx([4.0, 4.0])


async def test_the_doctor_tells_of_a_shadow_that_does_not_answer(serving: Settings) -> None:
    quick = serving.model_copy(update={"shadow": Shadow(bundle="test-faces:2", within="2")})
    (found,) = [one async for one in examine(quick) if one.part == "shadow"]
    assert "docs/shadow.md" in (found.remedy or "")
    (none,) = [
        one
        async for one in examine(serving.model_copy(update={"shadow": Shadow()}))
        if one.part == "shadow"
    ]
    assert (none.remedy, "names no bundle" in none.detail) == (None, True)
