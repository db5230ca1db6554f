"""The model that runs inside the worker is of the version that the settings name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inference.weights import REPOSITORY, identify_weights
from moderation.errors import ScorerMismatch
from runtime.settings import Scoring, Settings
from runtime.wiring.scoring import scorer, served_model

PACKAGED = REPOSITORY / "face_blending" / "1" / "model.onnx"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A repository whose model has a version 2 that runs, and a version 1 that does not."""
    for version in ("1", "2"):
        (tmp_path / "faces" / version).mkdir(parents=True)
    (tmp_path / "faces" / "1" / "model.onnx").write_bytes(b"old weights")
    (tmp_path / "faces" / "2" / "model.onnx").symlink_to(PACKAGED)
    return tmp_path


def settings(models: Path, version: str) -> Settings:
    scoring = Scoring(backend="in_process", models=models, model="faces", version=version)
    return Settings(scoring=scoring)


async def test_the_version_that_is_named_is_loaded_and_answers_for_itself(models: Path) -> None:
    named = settings(models, "2")
    answering = scorer(named)
    try:
        assert await served_model(named, answering) == identify_weights(models / "faces", "2")
        scores = await answering.score(np.zeros((1, 224, 224, 3), np.uint8))
        assert scores.logits.shape == (1,)
    finally:
        await answering.close()


def test_another_version_is_no_substitute(models: Path) -> None:
    with pytest.raises(ScorerMismatch):
        scorer(settings(models, "1"))
