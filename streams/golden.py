"""Known media go through the whole stream time and again: trouble is seen before users have it.

They come as any upload does, in a tenant of their own, and are looked at afresh each time. The
same media under the same lineage have to get the same verdict; what they get first is what later
ones are held against, so a new model or policy needs no new reference.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import structlog

from moderation.errors import UnknownUpload
from moderation.upload import GOLDEN, Lane, Upload
from moderation.verdict import Verdict
from monitoring import metrics
from monitoring.health import Pulse
from storage.ports import Ledger, MediaStore
from storage.retention.ports import Lease
from streams.intake import Deadlines, announcement
from streams.leases import turn
from streams.retries import FOR_EVER, note, patiently
from streams.topics import Topics

log = structlog.get_logger()

_LOOK_SECONDS = 0.5


class Outcome(StrEnum):
    """What became of a golden upload; `first`: there was nothing to hold it against."""

    FIRST = "first"
    SAME = "same"
    MOVED = "moved"
    LATE = "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Within which time a verdict has to come, and by how much its probability may differ."""

    within: timedelta
    tolerance: float


class Heartbeat:
    """Sends `samples` (content by file name), one process at a time, and judges the verdicts."""

    def __init__(
        self,
        samples: Mapping[str, bytes],
        ledger: Ledger,
        store: MediaStore,
        lease: Lease,
        topics: Topics,
        deadlines: Deadlines,
        limits: Limits,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._samples = samples
        self._ledger = ledger
        self._store = store
        self._lease = lease
        self._topics = topics
        self._deadlines = deadlines
        self._limits = limits
        self._now = now
        self._known: dict[tuple[str, str], Verdict] = {}
        self.pulse = Pulse()

    async def run(self, *, every_seconds: float) -> None:
        """Beat until cancelled."""
        while True:
            await patiently(self.once, FOR_EVER, on_failure=note("golden", self.pulse))
            await asyncio.sleep(every_seconds)

    async def once(self) -> dict[str, Outcome]:
        """Send every sample and wait for its verdict; nothing where another process does it.

        Raises:
            LedgerUnavailable, MediaStoreUnavailable.
        """
        outcomes: dict[str, Outcome] = {}
        async with turn(self._lease, "golden", within=2 * self._limits.within) as is_ours:
            names = enumerate(self._samples) if is_ours else ()
            sent = {name: await self._send(number, name) for number, name in names}
            until = self._now() + self._limits.within
            for name, upload_id in sent.items():
                outcomes[name] = self._judged(name, await self._verdict(upload_id, until))
                metrics.GOLDEN_CHECKS.labels(outcomes[name]).inc()
        self.pulse.beat()
        return outcomes

    async def _send(self, number: int, name: str) -> str:
        now = self._now()
        upload_id = f"{GOLDEN}-{now:%Y%m%dT%H%M%S%f}-{number}"
        key = f"media/{GOLDEN}/{upload_id}/{name}"
        await self._store.put(key, self._samples[name])
        upload = Upload(
            upload_id=upload_id,
            tenant=GOLDEN,
            lane=Lane.LIVE,
            uri=f"store:///{key}",
            announced_at=now,
            file_name=name,
        )
        await self._ledger.announce(
            upload,
            deadline_at=self._deadlines.after(now, upload.lane),
            publish=[announcement(upload, self._topics, afresh=True)],
        )
        return upload_id

    async def _verdict(self, upload_id: str, until: datetime) -> Verdict | None:
        while True:
            try:
                verdict = (await self._ledger.status(upload_id)).verdict
            except UnknownUpload:  # its time is over already: it was kept too shortly
                return None
            if verdict is not None or self._now() >= until:
                return verdict
            await asyncio.sleep(_LOOK_SECONDS)

    def _judged(self, name: str, verdict: Verdict | None) -> Outcome:
        if verdict is None:
            log.error("golden.late", sample=name, seconds=self._limits.within.total_seconds())
            return Outcome.LATE
        before = self._known.setdefault((name, verdict.lineage.digest), verdict)
        if before is verdict:
            return Outcome.FIRST
        if self._is_same(before, verdict):
            return Outcome.SAME
        log.error(
            "golden.moved",
            sample=name,
            labels=[before.label.value, verdict.label.value],
            probabilities=[before.fake_probability, verdict.fake_probability],
        )
        return Outcome.MOVED

    def _is_same(self, before: Verdict, after: Verdict) -> bool:
        if before.fake_probability is None or after.fake_probability is None:
            return (before.label, before.fake_probability) == (after.label, after.fake_probability)
        moved = abs(before.fake_probability - after.fake_probability)
        return before.label is after.label and moved <= self._limits.tolerance
