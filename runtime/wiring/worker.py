"""The three Faust hops, put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version

import structlog

from inference.batching import Batcher, SentRequest
from inference.calibration import EmbeddingReference
from monitoring import metrics
from runtime.policies import load_policy
from runtime.settings import Settings
from runtime.wiring.broker import build_faust, topics
from runtime.wiring.kept import Kept
from runtime.wiring.media import media_store, open_decoders, source, spool
from runtime.wiring.scoring import fusions, model_folder, open_scorer, served_model
from streams.app import Worker
from streams.extract import Extract
from streams.hops import Hop, decoding
from streams.messages import FACES, SCORED
from streams.ports import Publisher
from streams.record import Record
from streams.retries import BackOff
from streams.score import Score

VERSION = version("veriscope")

log = structlog.get_logger()


@asynccontextmanager
async def open_worker(
    settings: Settings, kept: Kept, publisher: Publisher
) -> AsyncIterator[Worker]:
    """Put the three Faust hops together; the caller starts and stops them.

    Raises:
        InvalidConfiguration, ScorerMismatch, ScorerUnavailable, DecoderUnavailable.
    """
    names = topics(settings)
    store = media_store(settings)
    policy = load_policy(settings.policy)
    async with AsyncExitStack() as stack:
        workplace = stack.enter_context(spool(settings))
        answering = await stack.enter_async_context(open_scorer(settings))
        pool = await stack.enter_async_context(open_decoders(settings))
        model, _ = await asyncio.gather(served_model(settings, answering), pool.warm())
        if "network" not in pool.given_up:
            log.warning("decoders.keep_network", why="this system lets no process leave it")
        worker = Worker(
            build_faust(settings),
            names,
            publisher,
            back_off=BackOff(attempts=settings.stream.attempts),
        )
        stream = settings.stream
        folder = model_folder(settings) / settings.scoring.version
        extract = Extract(
            source(settings, store),
            pool,
            store,
            names,
            spool=workplace,
        )
        batcher = Batcher(
            answering, in_flight=settings.scoring.requests_in_flight, observe=_observe
        )
        score = Score(batcher, model, EmbeddingReference.load(folder), store, names)
        record = Record(kept.ledger, policy, fusions(settings), names, pipeline=VERSION)
        for name, handle, window, topic_of in (
            ("extract", extract, stream.extract_window, names.uploads),
            ("score", decoding(FACES, score), stream.score_window, names.faces),
            ("record", decoding(SCORED, record), stream.record_window, names.scores),
        ):
            worker.add(Hop(name=name, handle=handle, window=window), topic_of)
        try:
            yield worker
        finally:
            await batcher.close()  # before the scorer that its requests are at


def _observe(sent: SentRequest) -> None:
    metrics.BATCH_CROPS.observe(sent.crops)
    metrics.SCORER_SECONDS.observe(sent.seconds)
