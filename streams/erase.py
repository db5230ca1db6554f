"""What somebody asked to be erased goes: rows, the media store's objects, and on the topics."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from moderation.erasure import Erasure, ErasureState
from moderation.errors import LedgerUnavailable, UnparsableMessage
from monitoring import metrics
from monitoring.health import Pulse
from storage.erasure.ports import ErasedUploads, ErasureSteps, ErasureWork, Target
from storage.erasure.rows import pack_folder
from storage.ports import Erasable, OutboundMessage
from storage.retention.ports import Lease
from streams.hops import Handle
from streams.leases import keep, turn
from streams.messages import SCORED
from streams.retries import FOR_EVER, Origin, note, patiently
from streams.topics import Topics

log = structlog.get_logger()

_BATCH = 100
_BLOCKED_AT_ONCE = 500
_NEVER = datetime.min.replace(tzinfo=UTC)
_LEASE = timedelta(minutes=10)
_PACK = b'"face_pack"'  # what a message says that refers to one


class Work(ErasureWork, ErasureSteps, Protocol):
    """An erasure's passes, and the steps of each."""


class Eraser:
    """Does erasures, one process at a time; one that dies is taken on where it stood.

    `settle` is how long something may still be on its way: after it everything is looked for
    a second time.
    """

    def __init__(
        self,
        work: Work,
        store: Erasable,
        lease: Lease,
        topics: Topics,
        *,
        settle: timedelta,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._work = work
        self._store = store
        self._lease = lease
        self._topics = topics
        self._settle = settle
        self._now = now
        self.pulse = Pulse()

    async def run(self, *, every_seconds: float) -> None:
        """Erase until cancelled."""
        while True:
            await patiently(self.once, FOR_EVER, on_failure=note("erase", self.pulse))
            await asyncio.sleep(every_seconds)

    async def once(self) -> list[Erasure]:
        """Do what is due now, and return how those erasures stand; none where another does it.

        Raises:
            LedgerUnavailable, MediaStoreUnavailable, TurnLost: what was done stays done.
        """
        async with turn(self._lease, "erasure", within=_LEASE) as is_ours:
            due = await self._work.due(self._now(), limit=_BATCH) if is_ours else []
            ended = [await self._pass(erasure) for erasure in due]
        await self._report()
        self.pulse.beat()
        return ended

    async def _pass(self, erasure: Erasure) -> Erasure:
        last: str | None = ""
        while last is not None:
            last = await self._work.block_next(erasure, after=last, limit=_BLOCKED_AT_ONCE)
            await self._go_on()
        for target in await self._work.targets(erasure):
            await self._erase(erasure, target)
            await self._go_on()
        ended = await self._work.end_pass(erasure, now=self._now(), settle=self._settle)
        if ended.state is ErasureState.DONE:
            metrics.ERASURES.labels(ended.scope).inc()
        log.info("erasure.passed", erasure_id=ended.erasure_id, state=ended.state.value)
        return ended

    async def _go_on(self) -> None:
        await keep(self._lease, "erasure", within=_LEASE)
        self.pulse.beat()

    async def _erase(self, erasure: Erasure, target: Target) -> None:
        """Packs that somebody wrote since the upload's end, and not long ago, wait: an upload of
        the same bytes is on its way. They are its own when it has ended, and go when it has not.
        """
        left = await self._work.remove_rows(
            erasure, target, publish=tombstones(target.upload_id, self._topics)
        )
        settled = self._now() - self._settle
        since = settled if left.ended_at is None else max(left.ended_at, settled)
        count, waits = 0, False
        for place in left.places:
            if await written_last(self._store, place) > since:
                waits = True
            else:
                count += await remove_place(self._store, place)
        ended = not waits or erasure.state is ErasureState.PENDING  # there is a second pass
        await self._work.objects_removed(erasure, target, count=count, ended=ended)

    async def _report(self) -> None:
        count, since = await self._work.backlog()
        metrics.ERASURES_OPEN.set(count)
        age = (self._now() - since).total_seconds() if since else 0.0
        metrics.OLDEST_ERASURE_SECONDS.set(max(0.0, age))


async def written_last(store: Erasable, place: str) -> datetime:
    """When something was last written to a folder of packs, which uploads of the same bytes share;
    the beginning of time of any other place.

    Raises:
        MediaStoreUnavailable.
    """
    if not place.startswith("packs/") or not place.endswith("/"):
        return _NEVER
    written = [one.written_at async for one in store.stored(place.removesuffix("/"))]
    return max(written, default=_NEVER)


async def remove_place(store: Erasable, place: str) -> int:
    """Remove an object, or all of a folder, and tell how many that were.

    Raises:
        MediaStoreUnavailable.
    """
    if place.endswith("/"):
        return await store.erase(place.removesuffix("/"))
    await store.delete(place)
    return 1


def tombstones(upload_id: str, topics: Topics) -> list[OutboundMessage]:
    """What empties the compacted topics of an upload."""
    return [
        OutboundMessage(topic=topic, key=upload_id, value=b"")
        for topic in (topics.verdicts, topics.decisions)
    ]


class UnlessErased:
    """Keeps a hop from working on what was erased, and from leaving anything of it behind.

    What a message refers to is removed, too: the erasure learns of packs from verdicts, and
    knows none of an upload that it met between two hops. A ledger that does not answer does not
    hold up a hop: a verdict is not recorded without it.
    """

    def __init__(self, erased: ErasedUploads, store: Erasable, handle: Handle) -> None:
        self._erased = erased
        self._store = store
        self._handle = handle

    async def __call__(self, origin: Origin) -> Sequence[OutboundMessage]:
        """Raises: what the hop's own work raises."""
        upload_id = (origin.key or b"").decode(errors="replace")
        outbound: Sequence[OutboundMessage] = ()
        if not await self._holds(upload_id):
            outbound = await self._handle(origin)
            leaves_something = bool(outbound) or _PACK in (origin.value or b"")
            if not leaves_something or not await self._holds(upload_id):
                return outbound
        for value in (origin.value, *(message.value for message in outbound)):
            await self._forget(value)
        return []

    async def _holds(self, upload_id: str) -> bool:
        try:
            return await self._erased.holds(upload_id)
        except LedgerUnavailable:
            return False

    async def _forget(self, value: bytes | None) -> None:
        """Remove the packs that a message refers to, unless another upload has these bytes."""
        try:
            told = SCORED.decode(value)  # what hops tell before has no more than these fields
        except UnparsableMessage:
            return
        if told.face_pack is None or told.media is None:
            return
        upload, sha256 = told.upload, told.media.sha256
        if not await self._erased.has_bytes(upload.tenant, sha256, besides=upload.upload_id):
            await self._store.erase(pack_folder(upload.tenant, sha256))
