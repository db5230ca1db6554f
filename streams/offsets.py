"""Faust's Kafka consumer, but committing never passes an upload that is not finished.

Faust 0.15.3 looks for a gap in the acknowledged offsets that is larger than
one, and not at all while nothing or offset 0 is committed; so it commits past
an unfinished message at the head of a partition, and a crash then loses it
(faust-streaming, issue 606). It also acknowledges messages that it skips
because a rebalance is under way. To be dropped when a release has the fix of
pull request 707 and keeps skipped messages unacknowledged.

After a rebalance it throws away what a fetch brought meanwhile, and seeks to
what was committed; aiokafka 0.14 leaves a partition without a commit where it
is, and what was thrown away of it would never be read.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import faust
from aiokafka.errors import IllegalStateError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

# How soon to look again whether a topic that was left out has room.
_ROOM_AGAIN_SECONDS = 0.05


class PartitionProgress:
    """Which offsets of a partition were delivered since its assignment, and not yet settled.

    Offsets grow but need not be consecutive: compaction and transactions leave holes.
    """

    def __init__(self) -> None:
        self._unsettled: dict[int, None] = {}
        self._delivered: int | None = None

    def deliver(self, offset: int) -> None:
        """Note a delivery; one that came before is not noted again."""
        if self._delivered is not None and offset <= self._delivered:
            return
        self._delivered = offset
        self._unsettled[offset] = None

    def settle(self, offset: int) -> None:
        self._unsettled.pop(offset, None)

    @property
    def unsettled(self) -> int:
        return len(self._unsettled)

    @property
    def committable(self) -> int | None:
        """The offset to go on from after a crash; None while nothing was delivered.

        Insertion order is offset order, so the first unsettled is the smallest.
        """
        if self._unsettled:
            return next(iter(self._unsettled))
        return None if self._delivered is None else self._delivered + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a partition stands: what was read and not settled, and what was not even read.

    `position` is aiokafka's, which passes over the markers of transactions; a
    committed offset does not, and stays short of the end for ever.
    """

    settled: int | None
    unsettled: int
    position: int
    unread: int

    @property
    def behind(self) -> int:
        return self.unsettled + self.unread


class Consumer(driver.Consumer):  # type: ignore[misc]  # Faust is not typed
    """Commits what `PartitionProgress` allows instead of what Faust's gap search finds."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.progress: dict[TP, PartitionProgress] = {}
        super().__init__(*args, **kwargs)

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def _to_message(self, tp: TP, record: Any) -> Any:
        self.progress.setdefault(tp, PartitionProgress()).deliver(record.offset)
        return super()._to_message(tp, record)

    def ack(self, message: Any) -> bool:
        """Settle a message of the present assignment.

        One of an earlier assignment was delivered again, to us or to another
        worker, and that delivery has to settle.
        """
        if message.acked:
            return False
        message.acked = True
        self._unacked_messages.discard(message)
        current = message.generation_id == self.app.consumer_generation_id
        if not current or not self.app.flow_control.is_active():
            return False
        progress = self.progress.get(message.tp)
        if progress is None:
            return False
        progress.settle(message.offset)
        return True

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        for tp in list(self.progress):
            if topics is None or tp in topics or tp.topic in topics:
                yield tp

    def _new_offset(self, tp: TP) -> int | None:
        progress = self.progress.get(tp)
        return progress.committable if progress is not None else None

    def _should_commit(self, tp: TP, offset: int) -> bool:
        committed = self._committed_offset[tp]
        return committed is None or offset > committed

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Commit while the partitions are still ours: Faust forgets what was settled first."""
        await self.commit()
        self._forget(revoked)
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Begin anew: everything from the committed offset on is delivered again."""
        self._forget(list(self.progress))
        await super().on_partitions_assigned(assigned, generation_id)

    def _forget(self, partitions: Iterable[TP]) -> None:
        for tp in partitions:
            self.progress.pop(tp, None)

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        """Fetch of topics alone of which less is in hand than the app's `enough`.

        Faust hands on what was fetched in one order for all topics, and waits where a stream takes
        no more; aiokafka empties one partition before it looks at the next. Either way
        live uploads would wait behind a backfill.
        """
        if active_partitions is None:
            return await super()._getmany(active_partitions, timeout)
        in_hand = Counter[str]()
        for tp, progress in self.progress.items():
            in_hand[tp.topic] += progress.unsettled
        full = {topic for topic, enough in self.app.enough.items() if in_hand[topic] >= enough}
        wanted = {tp for tp in active_partitions if tp.topic not in full}
        if not wanted:  # to ask for none is to ask for all
            await asyncio.sleep(_ROOM_AGAIN_SECONDS)
            return {}
        left_out = wanted != active_partitions
        return await super()._getmany(wanted, _ROOM_AGAIN_SECONDS if left_out else timeout)

    async def places(self) -> dict[TP, Place]:
        """Where each assigned partition stands, but those that go to another worker meanwhile."""
        found = {}
        for tp in self.assignment():
            reach = await self._thread.reach(tp)
            if reach is not None:
                position, end = reach
                progress = self.progress.get(tp) or PartitionProgress()
                found[tp] = Place(
                    settled=progress.committable,
                    unsettled=progress.unsettled,
                    position=position,
                    unread=max(0, end - position),
                )
        return found


class ConsumerThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]  # Faust is not typed
    """Faust's thread for aiokafka, which waits 1.5 s for messages whatever one says."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = int(self.app.fetch_wait.total_seconds() * 1000)
        return consumer

    async def reach(self, tp: TP) -> tuple[int, int] | None:
        """A partition's position and its end; None where it is not ours, or nothing is known yet.

        Asked on the thread on which partitions come and go: on another one a
        partition may go between the question whether it is ours and the next.
        """
        try:
            found: tuple[int, int] | None = await self.call_thread(self._reach, tp)
        except RuntimeError:
            if self.thread_loop.is_closed():  # the worker is ending
                return None
            raise
        return found

    async def _reach(self, tp: TP) -> tuple[int, int] | None:
        if tp not in self.assignment():
            return None
        end = self.highwater(tp)
        try:
            position = await self._ensure_consumer().position(tp)
        except IllegalStateError:
            return None  # went to another worker while its position was waited for
        return None if end is None else (position, end)

    async def seek_to_committed(self) -> Any:
        """Go back to what was committed, and to the beginning where nothing was."""
        return await self.call_thread(self._seek_to_committed)

    async def _seek_to_committed(self) -> Any:
        consumer = self._ensure_consumer()
        committed = await consumer.seek_to_committed()
        if begun_anew := [tp for tp, offset in committed.items() if not offset]:
            await consumer.seek_to_beginning(*begun_anew)
        return committed


class Transport(driver.Transport):  # type: ignore[misc]  # Faust is not typed
    Consumer = Consumer


class App(faust.App):  # type: ignore[misc]  # Faust is not typed
    """A Faust app on the consumer above; `fetch_wait` is how long a fetch waits for messages.

    `enough` says by topic how many messages in hand are enough; without a number all are taken.
    """

    fetch_wait = timedelta(seconds=1.5)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.enough: dict[str, int] = {}
        super().__init__(*args, **kwargs)

    def _new_transport(self) -> Transport:
        return Transport(self.conf.broker_consumer, self)
