"""What every Faust hop has in common: a bounded window of messages in hand, each settled alone.

A hop's own work is a plain async function, one message in, messages out. Here
it is retried while a dependency is down, its failures become dead letters, and
its message is acknowledged when whatever it led to is on the broker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeVar

import structlog

from moderation.errors import ModerationError, Unavailable, UnpublishableMessage
from monitoring import metrics
from monitoring.health import Pulse
from storage.ports import OutboundMessage
from streams.dead_letters import shortened, to_message
from streams.messages import Codec, M
from streams.ports import Publisher
from streams.retries import (
    FOR_EVER,
    BackOff,
    Origin,
    dead_letter,
    fault_of,
    note,
    patiently,
)
from streams.traces import processing

log = structlog.get_logger()

T = TypeVar("T")

_DEFECT_PAUSE_SECONDS = 10.0


Handle = Callable[[Origin], Awaitable[Sequence[OutboundMessage]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One step of the stream. `window` bounds how many messages of a lane are in hand at once."""

    name: str
    handle: Handle
    window: int


def decoding(codec: Codec[M], work: Callable[[M], Awaitable[Sequence[OutboundMessage]]]) -> Handle:
    """Turn work on messages of one type into work on what came from a topic."""

    async def handle(origin: Origin) -> Sequence[OutboundMessage]:
        return await work(codec.decode(origin.value))

    return handle


class Settler:
    """Brings single messages of a hop to their end, whatever happens on the way."""

    def __init__(
        self,
        name: str,
        handle: Handle,
        publisher: Publisher,
        *,
        dead_letters: str,
        back_off: BackOff,
        pulse: Pulse | None = None,
    ) -> None:
        self._name = name
        self._handle = handle
        self._publisher = publisher
        self._dead_letters = dead_letters
        self._back_off = back_off
        self._note = note(name, pulse)
        self.waiting = 0

    async def settle(self, origin: Origin) -> None:
        """Return when everything the message leads to is on the broker."""
        with processing(self._name, origin) as span:
            span.tell({"veriscope.outcome": await self._settled(origin)})

    async def _settled(self, origin: Origin) -> str:
        started = monotonic()
        outcome, outbound = await self._handled(origin)
        try:
            await self._publish(outbound)
        except UnpublishableMessage as error:
            outcome = fault_of(error)
            await self._publish([shortened(self._set_aside(origin, error, attempts=1))])
        metrics.HOP_SECONDS.labels(self._name).observe(monotonic() - started)
        metrics.HOP_MESSAGES.labels(self._name, outcome).inc()
        return outcome

    async def _handled(self, origin: Origin) -> tuple[str, Sequence[OutboundMessage]]:
        """Do the hop's work; a failure that stays makes a dead letter instead of its result."""
        attempts = 0

        async def attempt() -> Sequence[OutboundMessage]:
            nonlocal attempts
            attempts += 1
            return await self._handle(origin)

        try:
            return "done", await self._patiently(attempt, self._back_off)
        except Exception as error:  # noqa: BLE001  # the one place that guards the hop
            return fault_of(error), [self._set_aside(origin, error, attempts=attempts)]

    async def _publish(self, outbound: Sequence[OutboundMessage]) -> None:
        if outbound:
            await self._patiently(lambda: self._publisher.publish(outbound), FOR_EVER)

    async def _patiently(self, work: Callable[[], Awaitable[T]], back_off: BackOff) -> T:
        """Work while a dependency may be away; `waiting` counts the messages that wait for one."""
        waits = False

        def on_failure(error: Unavailable, failures: int) -> None:
            nonlocal waits
            self.waiting += not waits
            waits = True
            self._note(error, failures)

        try:
            return await patiently(work, back_off, on_failure=on_failure)
        finally:
            self.waiting -= waits

    def _set_aside(self, origin: Origin, error: Exception, *, attempts: int) -> OutboundMessage:
        letter = dead_letter(origin, error, attempts=attempts)
        known = isinstance(error, ModerationError)
        kind = letter.reason if known else "defect"
        metrics.DEAD_LETTERS.labels(self._name, letter.fault, kind).inc()
        log.error(
            "message.dead_lettered",
            hop=self._name,
            reason=letter.reason,
            detail=letter.detail,
            origin=[origin.topic, origin.partition, origin.offset],
            exc_info=None if known else error,
        )
        return to_message(letter, topic=self._dead_letters)


class Window:
    """Takes messages from a Faust stream while fewer than `size` are in hand.

    After a rebalance what is in hand is often delivered again, to the same
    worker: then it is not begun again, and both deliveries are acknowledged.
    """

    def __init__(
        self, hop: str, lane: str, size: int, settle: Callable[[Origin], Awaitable[None]]
    ) -> None:
        self._hop = hop
        self._lane = lane
        self._places = asyncio.Semaphore(size)
        self._settle = settle
        self._in_hand: dict[tuple[str, int, int], list[Any]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    async def consume(self, stream: Any) -> None:
        """Run a Faust stream through the window. Nothing escapes: Faust would drop the message."""
        async for event in stream.noack().events():
            message = event.message
            place = (message.topic, message.partition, message.offset)
            if place in self._in_hand:
                self._in_hand[place].append(event)
                continue
            await self._places.acquire()
            if self._closed:
                await asyncio.Event().wait()  # stopping: what was not begun is delivered again
            self._in_hand[place] = [event]
            task = asyncio.create_task(self._one(place, Origin.of(message)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            self._count()

    async def _one(self, place: tuple[str, int, int], origin: Origin) -> None:
        deliveries = self._in_hand[place]
        try:
            await self._insist(origin)
            for event in deliveries:
                event.ack()
        finally:
            del self._in_hand[place]
            self._places.release()
            self._count()

    async def _insist(self, origin: Origin) -> None:
        """Settle, whatever settling itself raises: that is a defect, but never costs a message."""
        while True:
            try:
                return await self._settle(origin)
            except Exception:
                log.exception("hop.defect", hop=self._hop, lane=self._lane)
            await asyncio.sleep(_DEFECT_PAUSE_SECONDS)

    def _count(self) -> None:
        metrics.IN_HAND.labels(self._hop, self._lane).set(len(self._in_hand))

    async def drain(self, seconds: float) -> None:
        """Begin nothing more; give what is in hand that long, then hand it back unsettled."""
        self._closed = True
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
