"""The three Faust hops, put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version

import structlog

from inference.scoring.metering import Meter
from runtime.policies import sound_policy
from runtime.settings import Settings
from runtime.wiring.before import known_before
from runtime.wiring.broker import build_faust, topics
from runtime.wiring.bundles import fusions, served_bundle
from runtime.wiring.erasing import unless_erased
from runtime.wiring.following import following
from runtime.wiring.kept import Kept
from runtime.wiring.media import media_store, open_decoders, source, spool
from runtime.wiring.scoring import check_served, open_panel, open_scorers
from runtime.wiring.shadow import open_shadow
from streams.app import Worker
from streams.extract import Extract
from streams.hops import Handle, Hop, decoding
from streams.judging import Judge
from streams.messages import FACES, SCORED
from streams.ports import Publisher
from streams.record import Record
from streams.retries import BackOff
from streams.same_bytes import SameBytes
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
    bundle = await asyncio.to_thread(served_bundle, settings)
    policy = sound_policy(settings.policy, bundle.fusion())
    async with AsyncExitStack() as stack:
        workplace = stack.enter_context(spool(settings))
        scorers = await stack.enter_async_context(open_scorers(settings, bundle))
        pool = await stack.enter_async_context(open_decoders(settings))
        await asyncio.gather(check_served(bundle, scorers), pool.warm())
        if "network" not in pool.given_up:
            log.warning("decoders.keep_network", why="this system lets no process leave it")
        meter = Meter()
        panel = await stack.enter_async_context(open_panel(settings, bundle, scorers, meter))
        before = known_before(settings, kept, policy, bundle, pool, pipeline=VERSION)
        judge = Judge(policy, fusions(settings, bundle), pipeline=VERSION)
        shadow = await stack.enter_async_context(
            open_shadow(settings, kept.shadow, policy, judge, meter)
        )
        await stack.enter_async_context(
            following(
                settings,
                policy,
                judge,
                before,
                read=lambda path: sound_policy(path, bundle.fusion()),
            )
        )
        record = Record(kept.ledger, judge, names, before)
        known = SameBytes(before, record, store)
        hops = _Hops(
            extract=Extract(
                source(settings, store), pool, store, names, spool=workplace, known=known
            ),
            score=Score(panel, bundle.identity, store, names, beside=shadow),
            record=record,
        )
        log.info("bundle.serves", bundle=bundle.manifest.title, sha256=bundle.identity.sha256)
        yield _worker(settings, publisher, hops, unless_erased(kept, store))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hops:
    """The work of each hop, in order."""

    extract: Extract
    score: Score
    record: Record


def _worker(
    settings: Settings, publisher: Publisher, hops: _Hops, guarded: Callable[[Handle], Handle]
) -> Worker:
    """Put the hops on a Faust application, each with its window."""
    names, stream = topics(settings), settings.stream
    back_off = BackOff(attempts=stream.attempts)
    worker = Worker(build_faust(settings), names, publisher, back_off=back_off)
    for name, handle, window, topic_of in (
        ("extract", hops.extract, stream.extract_window, names.uploads),
        ("score", decoding(FACES, hops.score), stream.score_window, names.faces),
        ("record", decoding(SCORED, hops.record), stream.record_window, names.scores),
    ):
        worker.add(Hop(name=name, handle=guarded(handle), window=window), topic_of)
    return worker
