from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace

from streams.app import Stalls
from streams.hops import Window
from streams.retries import Origin


class Event:
    """A Faust event of which only the place and the acknowledgement matter."""

    def __init__(self, offset: int) -> None:
        self.message = SimpleNamespace(
            topic="t", partition=0, offset=offset, key=b"", value=b"", headers=()
        )
        self.acknowledged = False

    def ack(self) -> None:
        self.acknowledged = True


class Stream:
    """A Faust stream that yields given events, and then waits for ever."""

    def __init__(self, *events: Event) -> None:
        self._events = events

    def noack(self) -> Stream:
        return self

    async def events(self) -> AsyncIterator[Event]:
        for event in self._events:
            yield event
        await asyncio.Event().wait()


class Desk:
    """A window over a stream; `finish` ends the work on an offset."""

    def __init__(self, size: int, *events: Event) -> None:
        self.begun: list[int] = []
        self._gates: dict[int, asyncio.Event] = {}
        self.window = Window("test", size, self._settle)
        self.task = asyncio.create_task(self.window.consume(Stream(*events)))

    async def _settle(self, origin: Origin) -> None:
        self.begun.append(origin.offset)
        await self._gates.setdefault(origin.offset, asyncio.Event()).wait()

    async def finish(self, offset: int) -> None:
        self._gates.setdefault(offset, asyncio.Event()).set()
        await self.settle_down()

    async def settle_down(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)


async def test_no_more_messages_are_in_hand_than_the_window_holds() -> None:
    desk = Desk(2, *(Event(offset) for offset in range(4)))
    await desk.settle_down()
    assert desk.begun == [0, 1]
    await desk.finish(1)
    assert desk.begun == [0, 1, 2]
    desk.task.cancel()


async def test_a_slow_message_does_not_hold_up_those_behind_it() -> None:
    slow, quick = Event(0), Event(1)
    desk = Desk(2, slow, quick)
    await desk.settle_down()
    await desk.finish(1)
    assert (slow.acknowledged, quick.acknowledged) == (False, True)
    desk.task.cancel()


async def test_what_is_in_hand_and_delivered_again_is_done_once_and_acknowledged_twice() -> None:
    first, again = Event(7), Event(7)
    desk = Desk(2, first, again)
    await desk.settle_down()
    await desk.finish(7)
    assert desk.begun == [7]
    assert first.acknowledged
    assert again.acknowledged
    desk.task.cancel()


async def test_draining_waits_for_what_is_in_hand() -> None:
    event = Event(0)
    desk = Desk(1, event)
    await desk.settle_down()
    draining = asyncio.create_task(desk.window.drain(60))
    await desk.settle_down()
    await desk.finish(0)
    await draining
    assert event.acknowledged
    desk.task.cancel()


async def test_what_does_not_finish_in_time_is_handed_back() -> None:
    event = Event(0)
    desk = Desk(1, event)
    await desk.settle_down()
    await desk.window.drain(0)
    assert not event.acknowledged
    desk.task.cancel()


async def test_nothing_is_begun_after_draining_started() -> None:
    desk = Desk(1, Event(0), Event(1))
    await desk.settle_down()
    draining = asyncio.create_task(desk.window.drain(60))
    await desk.settle_down()
    await desk.finish(0)
    await draining
    await desk.settle_down()
    assert desk.begun == [0]
    desk.task.cancel()


def test_a_partition_that_has_messages_and_does_not_move_is_stalled() -> None:
    stalls = Stalls()
    stalls.look({"p0": (5, 3), "p1": (9, 0)}, 100.0)
    stalls.look({"p0": (5, 4), "p1": (9, 0)}, 160.0)
    assert stalls.longest(170.0) == 70.0


def test_a_partition_that_moves_is_not_stalled_however_long_its_lag() -> None:
    stalls = Stalls()
    stalls.look({"p0": (5, 1000)}, 100.0)
    stalls.look({"p0": (6, 2000)}, 160.0)
    assert stalls.longest(160.0) == 0.0


def test_a_partition_that_went_to_another_worker_is_forgotten() -> None:
    stalls = Stalls()
    stalls.look({"p0": (5, 3)}, 100.0)
    stalls.look({}, 160.0)
    assert stalls.longest(500.0) == 0.0
