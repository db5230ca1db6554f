"""A second bundle beside the one that serves; whatever is wrong with it stays with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial

import structlog

from inference.bundles.beside import name_beside, weights_beside
from inference.bundles.bundle import Bundle, read_bundle
from inference.bundles.manifest import ModelDetector
from inference.ports import CropScorer
from inference.scoring.batching import Batcher
from inference.scoring.local import local_scorer
from inference.scoring.metering import Meter, MeteredScorer, YieldingScorer
from inference.scoring.panel import Panel
from inference.scoring.pinned import PinnedScorer
from inference.scoring.triton import Patience, TritonScorer
from moderation.errors import ModerationError
from moderation.policy import Policy
from runtime.policies import check_evidence
from runtime.settings import Settings
from runtime.wiring.bundles import bundle_store
from runtime.wiring.defects import tell_defect
from runtime.wiring.scoring import Scorers, scorers_made
from runtime.wiring.securing import triton_tls
from storage.shadow.ports import ShadowKeeping
from streams.judging import Judge
from streams.shadow import Shadow, ShadowTerms
from streams.shadow_notes import Notes

log = structlog.get_logger()

_RELOAD_SECONDS = 600.0  # a model that is broken for good is not to be loaded time and again
_STOP_SECONDS = 2.0


def shadow_bundle(settings: Settings) -> Bundle | None:
    """The bundle that the settings name as shadow, verified whole; None where they name none.

    Raises:
        InvalidConfiguration: there is none of that name, or it is not whole.
    """
    if not settings.shadow.bundle:
        return None
    return read_bundle(bundle_store(settings).find(settings.shadow.bundle).folder)


@asynccontextmanager
async def open_shadow_scorers(settings: Settings, bundle: Bundle) -> AsyncIterator[Scorers]:
    """One scorer for each model of the shadow, under its name beside what serves.

    Raises:
        ScorerMismatch: a network cannot be loaded in this process.
    """
    async with scorers_made(bundle, partial(_scorer, settings, bundle)) as scorers:
        yield scorers


@asynccontextmanager
async def open_shadow(
    settings: Settings, keeping: ShadowKeeping, policy: Policy, judge: Judge, meter: Meter
) -> AsyncIterator[Shadow | None]:
    """The shadow at work while the block lasts; None without one, or where it cannot be.

    Nothing is raised for its sake. `meter` is that of the bundle that serves.
    """
    async with AsyncExitStack() as stack:
        try:
            shadow = await _opened(stack, settings, keeping, policy, judge, meter)
        except ModerationError as error:
            log.warning("shadow.off", bundle=settings.shadow.bundle, why=str(error))
            shadow = None
        yield shadow


async def _opened(
    stack: AsyncExitStack,
    settings: Settings,
    keeping: ShadowKeeping,
    policy: Policy,
    judge: Judge,
    meter: Meter,
) -> Shadow | None:
    bundle = await asyncio.to_thread(shadow_bundle, settings)
    if bundle is None or not settings.shadow.share:
        return None
    check_evidence(policy, bundle.fusion())
    scorers = await stack.enter_async_context(open_shadow_scorers(settings, bundle))
    thread = ThreadPoolExecutor(1, thread_name_prefix="shadow")
    stack.callback(thread.shutdown, wait=False)
    panel = await stack.enter_async_context(_panel(bundle, scorers, meter, thread))
    notes = Notes(keeping)
    terms = ShadowTerms(
        share=settings.shadow.share,
        within_seconds=settings.shadow.within.total_seconds(),
        room_bytes=settings.shadow.room_bytes,
    )
    shadow = Shadow(bundle.identity, panel, judge, notes, terms)
    await stack.enter_async_context(_at_work(shadow, notes, scorers))
    title, sha256 = bundle.manifest.title, bundle.identity.sha256
    log.info("shadow.looks", bundle=title, sha256=sha256, share=terms.share)
    return shadow


@asynccontextmanager
async def _panel(
    bundle: Bundle, scorers: Scorers, meter: Meter, thread: ThreadPoolExecutor
) -> AsyncIterator[Panel]:
    """One request at a time to each model, and none while live uploads are being scored."""
    batchers = {
        name: Batcher(YieldingScorer(MeteredScorer(scorer, meter), meter), in_flight=1)
        for name, scorer in scorers.items()
    }
    try:
        yield Panel(bundle, batchers, thread=thread)
    finally:
        for batcher in batchers.values():
            await batcher.close()


@asynccontextmanager
async def _at_work(shadow: Shadow, notes: Notes, scorers: Scorers) -> AsyncIterator[None]:
    """Run all beside the block; at its end a short time is given to what is to be written."""
    tasks = [asyncio.create_task(work) for work in (shadow.run(), notes.run(), _warm(scorers))]
    for task in tasks:
        task.add_done_callback(partial(tell_defect, "shadow.defect"))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        shadow.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                await notes.flush()
        notes.give_up()


async def _warm(scorers: Scorers) -> None:
    """Have Triton load the models before an upload needs them, and tell early what is amiss."""
    for scorer in scorers.values():
        try:
            await scorer.identify()
        except ModerationError as error:
            log.warning("shadow.not_served", why=str(error))


def _scorer(settings: Settings, bundle: Bundle, detector: ModelDetector) -> CropScorer:
    scoring, shadow = settings.scoring, settings.shadow
    if scoring.backend == "in_process":
        return local_scorer(bundle, detector, threads=scoring.threads)
    served = TritonScorer(
        shadow.triton or scoring.triton,
        model=name_beside(detector),
        version=detector.version,
        embedding=detector.embedding,
        patience=Patience(
            deadline_seconds=scoring.deadline.total_seconds(),
            budget_seconds=shadow.within.total_seconds(),
            reload_seconds=_RELOAD_SECONDS,
        ),
        tls=triton_tls(settings),
    )
    return PinnedScorer(served, weights_beside(bundle, detector))
