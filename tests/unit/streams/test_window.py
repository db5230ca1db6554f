from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest
from faust.types import TP

from moderation.upload import Lane
from streams import hops
from streams.app import Stalls, expected_to_move
from streams.hops import Window
from streams.offsets import Place
from streams.retries import Origin
from streams.topics import Topics


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
        self.window = Window("test", "live", size, self._settle)
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


P0, P1 = TP("t", 0), TP("t", 1)


def at(settled: int, *, unsettled: int = 0, unread: int = 0) -> Place:
    return Place(settled=settled, unsettled=unsettled, position=settled, unread=unread)


def test_a_partition_that_has_messages_and_does_not_move_is_stalled() -> None:
    stalls = Stalls()
    stalls.look({P0: at(5, unsettled=3), P1: at(9)}, 100.0)
    stalls.look({P0: at(5, unsettled=3, unread=1), P1: at(9)}, 160.0)
    assert stalls.longest(170.0) == 70.0


def test_a_partition_that_moves_is_not_stalled_however_long_its_lag() -> None:
    stalls = Stalls()
    stalls.look({P0: at(5, unread=1000)}, 100.0)
    stalls.look({P0: at(6, unread=2000)}, 160.0)
    assert stalls.longest(160.0) == 0.0


def test_a_partition_that_was_read_to_its_end_is_not_stalled() -> None:
    stalls = Stalls()
    stalls.look({P0: at(5)}, 100.0)
    stalls.look({P0: at(5)}, 1000.0)
    assert stalls.longest(2000.0) == 0.0


def test_a_partition_that_went_to_another_worker_is_forgotten() -> None:
    stalls = Stalls()
    stalls.look({P0: at(5, unsettled=3)}, 100.0)
    stalls.look({}, 160.0)
    assert stalls.longest(500.0) == 0.0


LIVE, BACKFILL = (TP(Topics("t").uploads(lane), 0) for lane in Lane)


def test_a_backfill_may_wait_while_a_live_upload_does() -> None:
    places = {LIVE: at(5, unread=1), BACKFILL: at(2, unread=9)}
    assert set(expected_to_move(places, Topics("t").lane_of)) == {LIVE}


def test_a_backfill_is_to_move_when_no_live_upload_waits() -> None:
    places = {LIVE: at(5), BACKFILL: at(2, unread=9)}
    assert BACKFILL in expected_to_move(places, Topics("t").lane_of)


async def test_a_defect_in_settling_does_not_cost_the_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hops, "_DEFECT_PAUSE_SECONDS", 0.0)
    failures = iter([RuntimeError("a defect")])
    event = Event(0)

    async def settle(_origin: Origin) -> None:
        for failure in failures:
            raise failure

    window = Window("test", "live", 1, settle)
    task = asyncio.create_task(window.consume(Stream(event)))
    for _ in range(20):
        await asyncio.sleep(0)
    assert event.acknowledged
    task.cancel()
