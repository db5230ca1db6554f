"""What a re-upload costs beside a first upload: `python -m benchmarks.same_bytes FILE…`.

Each file but the first, which warms up, is sent ten times through the hops as they are wired,
over a new SQLite ledger and a media folder, without a broker; its models run in this process.
Of re-uploads the median is told. Processor time is that of this process and of the decoders'.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
import uuid
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from pydantic import SecretStr

from inference.decoding.decoders import DecoderPool
from inference.scoring.metering import Meter
from moderation.upload import Lane, Upload
from moderation.verdict import MatchKind, Verdict
from runtime.policies import load_policy
from runtime.settings import Database, Media, Scoring, Settings
from runtime.wiring.before import known_before
from runtime.wiring.bundles import fusions, served_bundle
from runtime.wiring.kept import Kept, open_kept
from runtime.wiring.media import media_store, open_decoders, source, spool
from runtime.wiring.scoring import open_panel, open_scorers
from storage import schema
from streams.extract import Extract
from streams.intake import announcement
from streams.judging import Judge
from streams.messages import FACES, SCORED
from streams.record import Record
from streams.retries import Origin
from streams.score import Score
from streams.topics import Topics

_TOPICS = Topics("bench", partitions=1)
_AGAIN = 9
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hops:
    """The three hops, one after the other."""

    extract: Extract
    score: Score
    record: Record
    kept: Kept
    pool: DecoderPool

    async def judge(self, file: Path) -> Verdict:
        upload = Upload(
            upload_id=str(uuid.uuid4()),
            tenant="bench",
            lane=Lane.LIVE,
            uri=file.as_uri(),
            announced_at=datetime.now(UTC),
        )
        value = announcement(upload, _TOPICS).value
        topic = _TOPICS.uploads(Lane.LIVE)
        origin = Origin(topic=topic, partition=0, offset=0, key=None, value=value, headers={})
        (message,) = await self.extract(origin)
        if message.topic == _TOPICS.faces(Lane.LIVE):
            (message,) = await self.score(FACES.decode(message.value))
        await self.record(SCORED.decode(message.value))
        verdict = (await self.kept.ledger.status(upload.upload_id)).verdict
        if verdict is None:
            raise AssertionError(f"no verdict on {file}")
        return verdict

    def processor_seconds(self) -> float:
        return time.process_time() + sum(_used(pid) for pid in self.pool.pids)


async def main(files: list[Path]) -> None:
    """Print processor time and wall time of both, in milliseconds, and how they relate."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            state=Path(folder),
            database=Database(url=SecretStr(f"sqlite:///{folder}/ledger.sqlite")),
            scoring=Scoring(backend="in_process"),
            media=Media(
                store=f"{folder}/media", allowed_roots=sorted({file.parent for file in files})
            ),
        )
        await schema.upgrade(settings.database.url.get_secret_value())
        async with AsyncExitStack() as stack:
            hops = await _open(settings, stack)
            await hops.judge(files[0])  # what is loaded late is not the first file's to pay
            for file in files[1:]:
                first = await _measured(hops, file, known=False)
                again = median_of([await _measured(hops, file, known=True) for _ in range(_AGAIN)])
                times = ", ".join(
                    f"{name} {one:.0f} and {two:.1f} ms ({one / two:.0f} times)"
                    for name, one, two in zip(("processor", "wall"), first, again, strict=True)
                )
                print(f"{file.name}: {times}")


async def _open(settings: Settings, stack: AsyncExitStack) -> Hops:
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
    judge = Judge(policy, fusions(settings, bundle), pipeline="bench")
    return Hops(
        extract=Extract(
            source(settings, store), pool, store, _TOPICS, spool=workplace, before=before
        ),
        score=Score(panel, bundle.identity, store, _TOPICS),
        record=Record(kept.ledger, judge, _TOPICS, before),
        kept=kept,
        pool=pool,
    )


def median_of(times: list[tuple[float, float]]) -> tuple[float, float]:
    return median(one for one, _ in times), median(two for _, two in times)


async def _measured(hops: Hops, file: Path, *, known: bool) -> tuple[float, float]:
    """Processor time and wall time, in milliseconds."""
    started, used = time.perf_counter(), hops.processor_seconds()
    verdict = await hops.judge(file)
    took = hops.processor_seconds() - used, time.perf_counter() - started
    taken_over = any(match.kind is MatchKind.VERDICT for match in verdict.matched)
    if taken_over is not known:
        raise AssertionError(f"{file}: taken over: {taken_over}")
    return took[0] * 1000, took[1] * 1000


def _used(pid: int) -> float:
    """Processor time of a process, in seconds: `utime` and `stime` of proc(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


if __name__ == "__main__":
    asyncio.run(main([Path(name).resolve() for name in sys.argv[1:]]))
