"""Which bundle serves, and that what is served are the weights it pins."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from inference.bundles.bundle import PACKAGED, Bundle, open_bundle
from inference.bundles.store import BundleStore
from inference.faces.facepack import FacePack
from inference.in_memory import ScriptedScorer
from inference.scoring.local import local_panel
from moderation.errors import InvalidConfiguration, ScorerMismatch
from moderation.lineage import ModelIdentity
from runtime.settings import Scoring, Settings
from runtime.wiring.bundles import chosen_bundle, fusions, served_bundle
from runtime.wiring.scoring import check_served, open_panel, open_scorers
from tests.builders import CROP, FACTS, TRACK
from tests.bundles import BLENDING, GENERATION, SCREEN, SEAMS, make_bundle

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PACK = FacePack(
    facts=FACTS,
    tracks=(TRACK,),
    crops=(CROP,),
    preprocessing="crops-1",
    pixels=np.full((1, 224, 224, 3), 255, np.uint8),
)


def settings(folder: Path, bundle: str = "") -> Settings:
    scoring = Scoring(backend="in_process", bundles=folder / "store", bundle=bundle, threads=1)
    return Settings(scoring=scoring)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """A bundle of two models, imported and not promoted."""
    source = make_bundle(
        tmp_path / "source", detectors=(BLENDING, SEAMS, GENERATION), screens=(SCREEN,)
    )
    return BundleStore(tmp_path / "store").install(source.folder)


def test_without_a_store_the_packaged_bundle_serves(tmp_path: Path) -> None:
    assert served_bundle(settings(tmp_path)).folder == PACKAGED


def test_bundles_lie_below_the_state_folder_unless_told_otherwise(tmp_path: Path) -> None:
    BundleStore(tmp_path / "bundles").install(make_bundle(tmp_path / "source").folder)
    stated = Settings(state=tmp_path, scoring=Scoring(bundle="test-faces:1"))
    assert chosen_bundle(stated).folder == tmp_path / "bundles" / "test-faces" / "1"


def test_the_bundle_that_is_named_serves_whatever_was_promoted(
    tmp_path: Path, bundle: Bundle
) -> None:
    packaged = open_bundle(PACKAGED).manifest.title
    assert served_bundle(settings(tmp_path)).folder == PACKAGED
    assert served_bundle(settings(tmp_path, "test-faces:1")).identity == bundle.identity
    BundleStore(tmp_path / "store").promote("test-faces:1", at=NOON)
    assert served_bundle(settings(tmp_path)).identity == bundle.identity
    assert served_bundle(settings(tmp_path, packaged)).folder == PACKAGED


def test_a_bundle_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="no bundle test-faces:9"):
        served_bundle(settings(tmp_path, "test-faces:9"))


def test_a_bundle_that_is_not_whole_stops_the_start(tmp_path: Path, bundle: Bundle) -> None:
    (bundle.folder / "seams" / "1" / "model.onnx").write_bytes(b"other weights")
    with pytest.raises(InvalidConfiguration, match=r"model\.onnx is not the file"):
        served_bundle(settings(tmp_path, "test-faces:1"))


def test_scores_of_every_bundle_that_is_there_can_still_be_judged(
    tmp_path: Path, bundle: Bundle
) -> None:
    packaged = open_bundle(PACKAGED)
    assert fusions(settings(tmp_path), packaged) == {
        packaged.identity: packaged.fusion(),
        bundle.identity: bundle.fusion(),
    }


def test_a_damaged_bundle_that_does_not_serve_is_skipped_and_told(
    tmp_path: Path, bundle: Bundle
) -> None:
    packaged = open_bundle(PACKAGED)
    (bundle.folder / "calibration.json").write_text("{}")
    with capture_logs() as logs:
        assert list(fusions(settings(tmp_path), packaged)) == [packaged.identity]
    assert [(line["event"], line["bundle"]) for line in logs] == [
        ("bundle.skipped", "test-faces:1")
    ]


async def test_every_model_of_the_bundle_answers_in_the_worker_itself(
    tmp_path: Path, bundle: Bundle
) -> None:
    named = settings(tmp_path, "test-faces:1")
    async with open_scorers(named, bundle) as scorers:
        await check_served(bundle, scorers)
        async with open_panel(named, bundle, scorers) as panel:
            (score,) = (await panel.ask(PACK, urgent=True)).scores
    logits = {name: round(value, 2) for name, value in score.logits.items()}
    assert logits == {"blending": 4.0, "seams": -4.0, "generation": 4.0}
    assert set(score.screens) == {"occluded", "rescreened"}


async def test_measuring_in_process_says_what_serving_says(tmp_path: Path, bundle: Bundle) -> None:
    named = settings(tmp_path, "test-faces:1")
    async with (
        open_scorers(named, bundle) as scorers,
        open_panel(named, bundle, scorers) as panel,
    ):
        served = await panel.ask(PACK, urgent=True)
    measured = await local_panel(bundle, threads=1).ask(PACK, urgent=True)
    assert measured.scores == served.scores


@pytest.mark.parametrize(
    "change",
    [{"sha256": "0" * 64}, {"version": "2"}, {"name": "another"}],
    ids=lambda c: next(iter(c)),
)
async def test_other_weights_than_the_manifest_pins_are_refused_with_what_to_do(
    bundle: Bundle, change: dict[str, str]
) -> None:
    right = {one.name: bundle.weights(one) for one in bundle.manifest.models}
    ours = right["seams"]
    other = ModelIdentity(
        **{"name": ours.name, "version": ours.version, "sha256": ours.sha256} | change
    )
    served = {name: ScriptedScorer(identity=one) for name, one in right.items()}
    await check_served(bundle, served)
    with pytest.raises(ScorerMismatch, match=r"point Triton at .*test-faces/1"):
        await check_served(bundle, served | {"seams": ScriptedScorer(identity=other)})
