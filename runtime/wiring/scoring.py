"""The model, where it is served, and what its answers mean."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from inference.calibration import Calibration
from inference.local import LocalScorer
from inference.ports import CropScorer
from inference.triton import Patience, TritonScorer
from inference.weights import REPOSITORY, identify_weights
from moderation.errors import InvalidConfiguration, ScorerMismatch
from moderation.fusion import Fusion
from moderation.lineage import ModelIdentity
from runtime.settings import Settings


def model_folder(settings: Settings) -> Path:
    """Raises: InvalidConfiguration, when there is no such model."""
    folder = (settings.scoring.models or REPOSITORY) / settings.scoring.model
    if not (folder / settings.scoring.version).is_dir():
        raise InvalidConfiguration(
            f"no version {settings.scoring.version} of model {settings.scoring.model} in "
            f"{folder.parent}"
        )
    return folder


def scorer(settings: Settings) -> CropScorer:
    """Raises: InvalidConfiguration, ScorerMismatch."""
    if settings.scoring.backend == "in_process":
        return LocalScorer(
            model_folder(settings),
            version=settings.scoring.version,
            threads=settings.scoring.threads,
        )
    return TritonScorer(
        settings.scoring.triton,
        model=settings.scoring.model,
        version=settings.scoring.version,
        patience=Patience(deadline_seconds=settings.scoring.deadline.total_seconds()),
    )


@asynccontextmanager
async def open_scorer(settings: Settings) -> AsyncIterator[CropScorer]:
    answering = scorer(settings)
    try:
        yield answering
    finally:
        await answering.close()


async def served_model(settings: Settings, answering: CropScorer) -> ModelIdentity:
    """Ask the scorer which model it serves, and check that it is the one calibrated here.

    Raises:
        ScorerUnavailable: it does not answer.
        ScorerMismatch: it serves other weights.
    """
    ours = identify_weights(model_folder(settings), settings.scoring.version)
    served = await answering.identify()
    if served != ours:
        raise ScorerMismatch(f"the scorer serves {served}, but {ours} is calibrated here")
    return ours


def fusions(settings: Settings) -> dict[ModelIdentity, Fusion]:
    """Those of every version in the repository: scores of the one before may still be on the way.

    Raises:
        InvalidConfiguration: a version has none.
    """
    folder = model_folder(settings)
    versions = [version for version in folder.iterdir() if version.name.isdigit()]
    return {
        identify_weights(folder, version.name): Calibration.load(version).fusion()
        for version in versions
    }
