"""The models of a bundle, where they are served, and the panel that asks them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial

from inference.bundles.bundle import Bundle
from inference.bundles.manifest import ModelDetector
from inference.ports import CropScorer
from inference.scoring.batching import Batcher, SentRequest
from inference.scoring.local import local_scorer
from inference.scoring.metering import Meter, MeteredScorer, UrgentFirst
from inference.scoring.panel import Asked, Panel
from inference.scoring.pinned import PinnedScorer
from inference.scoring.triton import Patience, TritonScorer
from moderation.errors import ScorerMismatch
from monitoring import metrics, tracing
from runtime.settings import Settings
from runtime.wiring.securing import triton_tls
from runtime.wiring.tracing import TracedScorer

Scorers = Mapping[str, CropScorer]  # by the detector's name


def _scorer(settings: Settings, bundle: Bundle, detector: ModelDetector) -> CropScorer:
    scoring = settings.scoring
    if scoring.backend == "in_process":
        return local_scorer(bundle, detector, threads=scoring.threads)
    served = TritonScorer(
        scoring.triton,
        model=detector.model,
        version=detector.version,
        embedding=detector.embedding,
        patience=Patience(deadline_seconds=scoring.deadline.total_seconds()),
        tls=triton_tls(settings),
    )
    return PinnedScorer(served, bundle.weights(detector))


@asynccontextmanager
async def open_scorers(settings: Settings, bundle: Bundle) -> AsyncIterator[Scorers]:
    """One scorer for each model of a bundle.

    Raises:
        ScorerMismatch: a network cannot be loaded in this process.
    """
    async with scorers_made(bundle, partial(_scorer, settings, bundle)) as scorers:
        yield scorers


@asynccontextmanager
async def scorers_made(
    bundle: Bundle, make: Callable[[ModelDetector], CropScorer]
) -> AsyncIterator[Scorers]:
    """What is made for each model of a bundle, in a thread: networks take their time to load."""
    scorers: dict[str, CropScorer] = {}
    try:
        for detector in bundle.manifest.models:
            scorers[detector.name] = await asyncio.to_thread(make, detector)
        yield scorers
    finally:
        for scorer in scorers.values():
            await scorer.close()


async def check_served(bundle: Bundle, scorers: Scorers) -> None:
    """See that what is served for each model are the weights that the manifest pins.

    Raises:
        ScorerUnavailable: one of them does not answer.
        ScorerMismatch: one of them is not served, or with other weights.
    """
    models = bundle.manifest.models
    served = await asyncio.gather(*(scorers[detector.name].identify() for detector in models))
    for detector, found in zip(models, served, strict=True):
        ours = bundle.weights(detector)
        if found != ours:
            raise ScorerMismatch(
                f"{found.name} {found.version} is served with the weights {found.sha256[:12]}, "
                f"bundle {bundle.manifest.title} has {ours.name} {ours.version} with "
                f"{ours.sha256[:12]}: point Triton at {bundle.folder} and start it again"
            )


@asynccontextmanager
async def open_panel(
    settings: Settings, bundle: Bundle, scorers: Scorers, meter: Meter | None = None
) -> AsyncIterator[Panel]:
    """All detectors of a bundle, asked in requests that uploads share.

    `meter` says what they cost, and lets others give way to urgent uploads.

    Raises:
        InvalidConfiguration: a head cannot be read.
    """
    meter = meter or Meter()
    batchers = {
        name: Batcher(
            MeteredScorer(scorer, meter),
            in_flight=settings.scoring.requests_in_flight,
            observe=_observe,
        )
        for name, scorer in scorers.items()
    }
    asked = {name: UrgentFirst(one, meter) for name, one in batchers.items()}
    try:
        yield Panel(bundle, _traced(settings, asked) if tracing.is_on() else asked)
    finally:
        for batcher in batchers.values():  # before the scorers that their requests are at
            await batcher.close()


def _traced(settings: Settings, asked: Mapping[str, Asked]) -> Mapping[str, Asked]:
    return {name: TracedScorer(one, settings, name) for name, one in asked.items()}


def _observe(sent: SentRequest) -> None:
    metrics.BATCH_CROPS.observe(sent.crops)
    metrics.SCORER_SECONDS.observe(sent.seconds)
