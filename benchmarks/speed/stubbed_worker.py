"""A worker whose media work is stubbed: `python -m benchmarks.speed.stubbed_worker`.

Settings are the services' own. Its hops are the real ones, on Faust, with retries, windows, guards
and codecs; the extractor, the source and the media store are the fakes of the contract tests, and
the models are a pause of `--model-seconds`. With `--ledger memory` there is no database either:
the ledger is the fake, and a relay publishes its outbox from here.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from benchmarks.speed.stubs import (
    MEDIA,
    PREPROCESSING,
    URI,
    EveryUploadAnew,
    ForgetfulLedger,
    PackStore,
    PausingPanel,
    extraction,
)
from inference.bundles.bundle import PACKAGED, Bundle, read_bundle
from inference.in_memory import ScriptedExtractor
from moderation.repeats import Making
from monitoring import logs
from runtime import wiring
from runtime.policies import load_policy
from runtime.settings import Settings, read_settings
from runtime.wiring.before import matches_alone
from runtime.wiring.broker import build_faust
from runtime.wiring.bundles import fusions
from runtime.wiring.erasing import unless_erased
from runtime.wiring.media import spool
from storage.in_memory import (
    InMemoryDeadLetters,
    InMemoryOutbox,
    InMemorySource,
    Memory,
)
from storage.ports import Ledger
from streams.app import Worker
from streams.before import Before
from streams.extract import Extract
from streams.hops import Handle, Hop, decoding
from streams.judging import Judge
from streams.messages import FACES, SCORED
from streams.record import Record
from streams.relay import Relay
from streams.retries import BackOff
from streams.same_bytes import SameBytes
from streams.score import Score


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """Where verdicts go: the ledger, what is known before, and what guards the hops."""

    ledger: Ledger
    before: Before | None = None
    guarded: Callable[[Handle], Handle] = lambda handle: handle


async def main(*, ledger: str, model_seconds: float) -> None:
    """Work until SIGTERM."""
    settings = read_settings()
    logs.configure(level=settings.logs.level, json=settings.logs.json_lines)
    bundle = await asyncio.to_thread(read_bundle, PACKAGED)
    async with AsyncExitStack() as stack:
        opened = _in_memory(settings) if ledger == "memory" else _in_database(settings, bundle)
        kept = await stack.enter_async_context(opened)
        publisher = await stack.enter_async_context(wiring.open_publisher(settings))
        workplace = stack.enter_context(spool(settings))
        names, store, stream = wiring.topics(settings), PackStore(), settings.stream
        judge = Judge(load_policy(None), fusions(settings, bundle), pipeline=wiring.VERSION)
        record = Record(kept.ledger, judge, names, kept.before)
        extract = Extract(
            InMemorySource({URI: MEDIA}),
            EveryUploadAnew(ScriptedExtractor({MEDIA: extraction()})),
            store,
            names,
            spool=workplace,
            known=SameBytes(kept.before, record, store) if kept.before else None,
        )
        score = Score(PausingPanel(bundle, seconds=model_seconds), bundle.identity, store, names)
        worker = Worker(build_faust(settings), names, publisher, back_off=BackOff())
        for name, handle, window, topic_of in (
            ("extract", extract, stream.extract_window, names.uploads),
            ("score", decoding(FACES, score), stream.score_window, names.faces),
            ("record", decoding(SCORED, record), stream.record_window, names.scores),
        ):
            worker.add(Hop(name=name, handle=kept.guarded(handle), window=window), topic_of)
        await worker.start()
        ending = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
        await ending.wait()
        await worker.stop(within=stream.stop_within)


@asynccontextmanager
async def _in_memory(settings: Settings) -> AsyncIterator[_Kept]:
    memory = Memory()
    async with wiring.open_publisher(settings) as publisher:
        relay = Relay(InMemoryOutbox(memory), InMemoryDeadLetters(memory), publisher)
        relaying = asyncio.create_task(relay.run())
        yield _Kept(ledger=ForgetfulLedger(memory))
        relaying.cancel()


@asynccontextmanager
async def _in_database(settings: Settings, bundle: Bundle) -> AsyncIterator[_Kept]:
    making = Making(
        pipeline=wiring.VERSION,
        policy=load_policy(None),
        preprocessing=PREPROCESSING,
        provenance="",
        model=bundle.identity,
        calibration=bundle.fusion().id,
    )
    async with wiring.open_kept(settings) as kept:
        yield _Kept(
            ledger=kept.ledger,
            before=matches_alone(kept, making),
            guarded=unless_erased(kept, PackStore()),
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ledger", choices=("memory", "database"), default="database")
    parser.add_argument("--model-seconds", type=float, default=0.0)
    asked = parser.parse_args()
    asyncio.run(main(ledger=asked.ledger, model_seconds=asked.model_seconds))
