"""What a re-upload costs beside a first upload: `python -m benchmarks.same_bytes FILE…`.

Each file but the first, which warms up, is sent by three tenants, ten times by each, through intake
and the worker's hops as they are wired, over a new ledger and a media folder, without a broker; its
models run in this process. Medians are told. Processor time is that of this process and of the
decoders'; statements are those to the ledger. `DATABASE_URL` may name an empty PostgreSQL database
in place of a SQLite file; what its server spends is not counted.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from pydantic import SecretStr
from sqlalchemy import event

from inference.decoding.decoders import DecoderPool
from inference.scoring.metering import Meter
from moderation.upload import Lane, Upload
from moderation.verdict import Verdict
from runtime.policies import load_policy
from runtime.settings import Database, Media, Scoring, Settings
from runtime.wiring.before import known_before
from runtime.wiring.broker import intake, topics
from runtime.wiring.bundles import fusions, served_bundle
from runtime.wiring.erasing import unless_erased
from runtime.wiring.kept import Kept, open_kept
from runtime.wiring.media import media_store, open_decoders, source, spool
from runtime.wiring.scoring import open_panel, open_scorers
from storage import schema
from storage.ports import OutboundMessage
from streams.extract import Extract
from streams.hops import Handle, decoding
from streams.in_memory import delivered
from streams.intake import announcement
from streams.judging import Judge
from streams.messages import FACES, SCORED
from streams.record import Record
from streams.same_bytes import SameBytes
from streams.score import Score
from streams.topics import Topics

_TENANTS = 3
_AGAIN = 9
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of one upload; times in milliseconds."""

    processor: float
    wall: float
    statements: float


@dataclass(slots=True, kw_only=True)
class Stream:
    """Intake, and the worker's hops by the topic that each reads."""

    names: Topics
    intake: Handle
    hops: Mapping[str, Handle]
    kept: Kept
    pool: DecoderPool
    statements: int = field(default=0, init=False)

    def count(self, *_statement: Any) -> None:
        self.statements += 1

    async def send(self, file: Path, tenant: str) -> tuple[Cost, Verdict]:
        upload = Upload(
            upload_id=str(uuid.uuid4()),
            tenant=tenant,
            lane=Lane.LIVE,
            uri=file.as_uri(),
            announced_at=datetime.now(UTC),
        )
        message = announcement(upload, self.names)
        started, used, asked = time.perf_counter(), self._processor_seconds(), self.statements
        await self._through(message)
        cost = Cost(
            processor=(self._processor_seconds() - used) * 1000,
            wall=(time.perf_counter() - started) * 1000,
            statements=self.statements - asked,
        )
        verdict = (await self.kept.ledger.status(upload.upload_id)).verdict
        if verdict is None:
            raise AssertionError(f"no verdict on {file}")
        return cost, verdict

    async def _through(self, announced: OutboundMessage) -> None:
        await self.intake(delivered(announced))
        on_topics = [announced]
        while on_topics:
            message = on_topics.pop()
            on_topics.extend(await self.hops[message.topic](delivered(message)))

    def _processor_seconds(self) -> float:
        return time.process_time() + sum(_used(pid) for pid in self.pool.pids)


async def main(files: list[Path]) -> None:
    """Print what both cost, and how they relate."""
    async with opened(files) as stream:
        for _ in range(_AGAIN):
            await stream.send(files[0], "warm")  # what is loaded late is nobody's to pay
        for file in files[1:]:
            print(f"{file.name}: {await _compared(stream, file)}", flush=True)


@asynccontextmanager
async def opened(files: Sequence[Path]) -> AsyncIterator[Stream]:
    """Intake and hops over a new ledger and a new media folder; they may read those files."""
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("DATABASE_URL") or f"sqlite:///{folder}/ledger.sqlite"
        settings = Settings(
            state=Path(folder),
            database=Database(url=SecretStr(url)),
            scoring=Scoring(backend="in_process"),
            media=Media(
                store=f"{folder}/media", allowed_roots=sorted({file.parent for file in files})
            ),
        )
        await schema.upgrade(url)
        async with AsyncExitStack() as stack:
            yield await _open(settings, stack)


async def _compared(stream: Stream, file: Path) -> str:
    first, again = [], []
    for number in range(_TENANTS):
        tenant = f"tenant-{number}"
        first.append(await cost_of(stream, file, tenant, known=False))
        again += [await cost_of(stream, file, tenant, known=True) for _ in range(_AGAIN)]
    told = []
    for name in ("processor", "wall", "statements"):
        one, two = (median(getattr(cost, name) for cost in costs) for costs in (first, again))
        told.append(f"{name} {one:.0f} and {two:.1f} ({one / two:.0f} times)")
    return ", ".join(told)


async def cost_of(stream: Stream, file: Path, tenant: str, *, known: bool) -> Cost:
    """Send a file, of which the tenant is to have a verdict already, or not.

    Raises:
        AssertionError: it is the other way round.
    """
    cost, verdict = await stream.send(file, tenant)
    if verdict.was_taken_over is not known:
        raise AssertionError(f"{file}: taken over: {verdict.was_taken_over}")
    return cost


async def _open(settings: Settings, stack: AsyncExitStack) -> Stream:
    kept = await stack.enter_async_context(open_kept(settings))
    store, policy, bundle = (
        media_store(settings),
        load_policy(settings.policy),
        served_bundle(settings),
    )
    scorers = await stack.enter_async_context(open_scorers(settings, bundle))
    pool = await stack.enter_async_context(open_decoders(settings))
    await pool.warm()
    panel = await stack.enter_async_context(open_panel(settings, bundle, scorers, Meter()))
    before = known_before(settings, kept, policy, bundle, pool, pipeline="bench")
    workplace = stack.enter_context(spool(settings))
    names = topics(settings)
    judge = Judge(policy, fusions(settings, bundle), pipeline="bench")
    record = Record(kept.ledger, judge, names, before)
    extract = Extract(
        source(settings, store),
        pool,
        store,
        names,
        spool=workplace,
        known=SameBytes(before, record, store),
    )
    guarded = unless_erased(kept, store)
    stream = Stream(
        names=names,
        intake=intake(settings, kept),
        hops={
            names.uploads(Lane.LIVE): guarded(extract),
            names.faces(Lane.LIVE): guarded(
                decoding(FACES, Score(panel, bundle.identity, store, names))
            ),
            names.scores(Lane.LIVE): guarded(decoding(SCORED, record)),
        },
        kept=kept,
        pool=pool,
    )
    event.listen(kept.engine.sync_engine, "before_cursor_execute", stream.count)
    return stream


def _used(pid: int) -> float:
    """Processor time of a process, in seconds: `utime` and `stime` of proc(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


if __name__ == "__main__":
    asyncio.run(main([Path(name).resolve() for name in sys.argv[1:]]))
