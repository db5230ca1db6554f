"""What was kept of uploads goes when its time is over: bytes, crops, evidence, verdicts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog

from moderation.retention import Part, RetentionPlan
from monitoring import metrics
from monitoring.health import Pulse
from storage.ports import Erasable
from storage.retention.ports import Due, Lease
from storage.retention.standings import Looking, ended_before, standings
from streams.erase import remove_place, tombstones, written_last
from streams.leases import keep, turn
from streams.retries import FOR_EVER, note, patiently
from streams.topics import Topics

log = structlog.get_logger()

_BATCH = 200
_KEYS = 500
_LEASE = timedelta(minutes=10)
_SWEPT_EVERY = timedelta(days=1)
_SWEPT = ("media", "packs")


class Retainer:
    """Removes what is due, one process at a time; what was begun is ended by the next look.

    `strays_after` is when an object that no upload has is taken for one that never will be had:
    longer than a message may wait on a topic.
    """

    def __init__(
        self,
        work: Looking,
        store: Erasable,
        lease: Lease,
        topics: Topics,
        plan: RetentionPlan,
        *,
        strays_after: timedelta,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._work = work
        self._store = store
        self._lease = lease
        self._topics = topics
        self._plan = plan
        self._strays_after = strays_after
        self._now = now
        self._swept_at: datetime | None = None
        self.pulse = Pulse()

    async def run(self, *, every_seconds: float) -> None:
        """Remove until cancelled."""
        while True:
            await patiently(self.once, FOR_EVER, on_failure=note("retain", self.pulse))
            await asyncio.sleep(every_seconds)

    async def once(self) -> dict[Part, int]:
        """Remove what is due now; return of how many uploads each part went.

        Raises:
            LedgerUnavailable, MediaStoreUnavailable, TurnLost: what is gone stays gone.
        """
        removed = dict.fromkeys(Part, 0)
        await self._report()
        async with turn(self._lease, "retention", within=_LEASE) as is_ours:
            if is_ours:
                for tenant in await self._work.tenants():
                    for part in Part:
                        removed[part] += await self._part(tenant, part)
                await self._sweep()
                await self._report()
        self.pulse.beat()
        return removed

    async def _part(self, tenant: str, part: Part) -> int:
        removed = 0
        end = ended_before(self._plan, tenant, part, self._now())
        while end is not None:
            due = await self._work.due(tenant, part, ended_before=end, limit=_BATCH)
            if not due:
                break
            spared = [await self._spared(part, one, end) for one in due]
            removed += await self._remove(part, spared, end)
            await keep(self._lease, "retention", within=_LEASE)
            self.pulse.beat()
        return removed

    async def _spared(self, part: Part, one: Due, end: datetime) -> Due:
        """The same without packs that were written again since: an upload of the same bytes is on
        its way, and needs them. Their time begins anew, or they are strays if nothing comes of it.
        """
        written = {place: await written_last(self._store, place) for place in one.places}
        again = {place: at for place, at in written.items() if at >= end}
        if not again or one.held:
            return one
        if part is Part.PACKS:
            return replace(one, held=True, anew_from=max(again.values()))
        return replace(one, places=tuple(place for place in one.places if place not in again))

    async def _remove(self, part: Part, due: Sequence[Due], end: datetime) -> int:
        """Objects first: as long as rows name them, a crash forgets none.

        Whether packs are needed is asked again: since they were found to be due, an upload of the
        same bytes may have taken the verdict over, which writes none.
        """
        going = [one for one in due if not one.held]
        for one in going:
            for place in one.places:
                if not await self._work.needed(place, one, ended_before=end):
                    await remove_place(self._store, place)
        ends = part is Part.VERDICTS
        told = [
            message
            for one in (going if ends else ())
            for message in tombstones(one.upload_id, self._topics)
        ]
        await self._work.remove(part, due, publish=told)
        metrics.RETENTION_REMOVED.labels(part).inc(len(going))
        if going:
            log.info("retention.removed", part=part.value, tenant=due[0].tenant, uploads=len(going))
        return len(going)

    async def _sweep(self) -> None:
        """Once a day: what no upload has, since a process died between two steps."""
        now = self._now()
        if self._swept_at is not None and now - self._swept_at < _SWEPT_EVERY:
            return
        for folder in _SWEPT:
            keys: list[str] = []
            async for one in self._store.stored(folder):
                if now - one.written_at >= self._strays_after:
                    keys.append(one.key)
                if len(keys) == _KEYS:
                    await self._erase_strays(keys)
                    keys = []
            await self._erase_strays(keys)
        self._swept_at = now

    async def _erase_strays(self, keys: Sequence[str]) -> None:
        for key in await self._work.strays(keys):
            await self._store.erase(key)
            metrics.RETENTION_STRAYS.inc()
        self.pulse.beat()
        await keep(self._lease, "retention", within=_LEASE)

    async def _report(self) -> None:
        overdue = dict.fromkeys(Part, 0.0)
        held = dict.fromkeys(Part, 0)
        now = self._now()
        for tenant, parts in (await standings(self._work, self._plan, now)).items():
            for part, standing in parts.items():
                held[part] += standing.held
                end = ended_before(self._plan, tenant, part, now)
                if standing.overdue_since is not None and end is not None:
                    late = (end - standing.overdue_since).total_seconds()
                    overdue[part] = max(overdue[part], late)
        for part in Part:
            metrics.RETENTION_OVERDUE_SECONDS.labels(part).set(overdue[part])
            metrics.RETENTION_HELD.labels(part).set(held[part])
