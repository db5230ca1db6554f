"""What decides again: a replay over the ledger, with or without a bundle that scores anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from inference.bundles.bundle import Bundle, read_bundle
from runtime.policies import load_policy, sound_policy
from runtime.settings import Settings
from runtime.wiring.before import matches_alone
from runtime.wiring.broker import topics
from runtime.wiring.bundles import bundle_store, chosen_bundle, fusions, served_bundle
from runtime.wiring.kept import Kept
from runtime.wiring.media import media_store
from runtime.wiring.scoring import check_served, open_panel, open_scorers
from runtime.wiring.worker import VERSION
from storage.search.database import SqlUploadSearch
from streams.judging import Judge
from streams.record import Record
from streams.replay.replaying import Replay, Scores
from streams.replay.scores import RecordedAgain, ScoredAgain
from streams.retries import BackOff
from streams.score import Score


class Stage(StrEnum):
    """From where on an upload goes its way again."""

    SCORE = "score"
    RECORD = "record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Anew:
    """What verdicts are to be derived from; None is what a worker would take now.

    In the stage `record`, a `model` is one whose scores were recorded; without one, those of
    the model behind each verdict are taken.
    """

    stage: Stage
    policy: Path | None = None
    model: str | None = None


@asynccontextmanager
async def open_replay(settings: Settings, kept: Kept, anew: Anew) -> AsyncIterator[Replay]:
    """Put a replay together, with the policy and the models verified as a worker does.

    Raises:
        InvalidConfiguration, ScorerMismatch, ScorerUnavailable.
    """
    bundle = await asyncio.to_thread(_bundle, settings, anew)
    policy = sound_policy(anew.policy or settings.policy, bundle.fusion())
    judge = Judge(policy, fusions(settings, bundle), pipeline=VERSION)
    async with AsyncExitStack() as stack:
        scores = await _scores(stack, settings, anew, bundle)
        yield Replay(
            SqlUploadSearch(kept.engine),
            kept.ledger,
            scores,
            _record(settings, kept, judge),
            back_off=BackOff(attempts=settings.stream.attempts),
        )


def record_by(settings: Settings, kept: Kept, policy: Path) -> Record:
    """What another policy would decide, to compare with.

    Raises:
        InvalidConfiguration: the policy cannot be read.
    """
    judge = Judge(load_policy(policy), fusions(settings, chosen_bundle(settings)), pipeline=VERSION)
    return _record(settings, kept, judge)


def _record(settings: Settings, kept: Kept, judge: Judge) -> Record:
    return Record(kept.ledger, judge, topics(settings), matches_alone(kept))


async def _scores(stack: AsyncExitStack, settings: Settings, anew: Anew, bundle: Bundle) -> Scores:
    store = media_store(settings)
    if anew.stage is Stage.RECORD:
        return RecordedAgain(store, bundle.identity if anew.model else None)
    if bundle.identity != chosen_bundle(settings).identity:
        # Only the bundle that serves is at Triton; any other runs here, beside it.
        scoring = settings.scoring.model_copy(update={"backend": "in_process"})
        settings = settings.model_copy(update={"scoring": scoring})
    scorers = await stack.enter_async_context(open_scorers(settings, bundle))
    await check_served(bundle, scorers)
    panel = await stack.enter_async_context(open_panel(settings, bundle, scorers))
    return ScoredAgain(
        store, Score(panel, bundle.identity, store, topics(settings)), bundle.identity
    )


def _bundle(settings: Settings, anew: Anew) -> Bundle:
    if anew.model is None:
        return served_bundle(settings)
    return read_bundle(bundle_store(settings).find(anew.model).folder)
