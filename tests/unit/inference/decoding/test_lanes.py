"""Who gets a place next, when places are few."""

from __future__ import annotations

import asyncio

import pytest

from inference.decoding.lanes import Lanes


class Visitors:
    """Tasks that take a place and stay until they are told to leave."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self.inside: list[str] = []
        self._leave: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def arrive(self, name: str, *, urgent: bool) -> None:
        self._leave[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._visit(name, urgent))
        await settle()

    async def leave(self, name: str) -> None:
        self._leave[name].set()
        await self.tasks[name]
        await settle()

    async def turn_away(self, name: str) -> None:
        self.tasks[name].cancel()
        with pytest.raises(asyncio.CancelledError):
            await self.tasks[name]
        await settle()

    async def _visit(self, name: str, urgent: bool) -> None:
        async with self._lanes.place(urgent=urgent):
            self.inside.append(name)
            try:
                await self._leave[name].wait()
            finally:
                self.inside.remove(name)

    async def all_leave(self) -> None:
        for event in self._leave.values():
            event.set()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


async def settle() -> None:
    for _ in range(8):
        await asyncio.sleep(0)


async def test_the_patient_leave_the_last_free_place_to_the_urgent() -> None:
    visitors = Visitors(Lanes(2))
    await visitors.arrive("backfill 1", urgent=False)
    await visitors.arrive("backfill 2", urgent=False)
    assert visitors.inside == ["backfill 1"]

    await visitors.arrive("live", urgent=True)

    assert visitors.inside == ["backfill 1", "live"]
    await visitors.all_leave()


async def test_the_urgent_go_before_the_patient_who_came_earlier() -> None:
    visitors = Visitors(Lanes(1))
    await visitors.arrive("first", urgent=True)
    await visitors.arrive("backfill", urgent=False)
    await visitors.arrive("live", urgent=True)

    await visitors.leave("first")
    assert visitors.inside == ["live"]
    await visitors.leave("live")
    assert visitors.inside == ["backfill"]
    await visitors.all_leave()


async def test_an_only_place_is_everybodys() -> None:
    visitors = Visitors(Lanes(1))
    await visitors.arrive("backfill", urgent=False)

    assert visitors.inside == ["backfill"]
    await visitors.all_leave()


async def test_the_urgent_may_take_all_places() -> None:
    visitors = Visitors(Lanes(3))
    for number in range(4):
        await visitors.arrive(str(number), urgent=True)

    assert visitors.inside == ["0", "1", "2"]
    await visitors.all_leave()


async def test_within_a_lane_the_first_come_first() -> None:
    visitors = Visitors(Lanes(1))
    for name in ("a", "b", "c"):
        await visitors.arrive(name, urgent=False)
    await visitors.leave("a")

    assert visitors.inside == ["b"]
    await visitors.all_leave()


async def test_who_gives_up_waiting_does_not_take_a_place_away() -> None:
    visitors = Visitors(Lanes(1))
    await visitors.arrive("inside", urgent=True)
    await visitors.arrive("gives up", urgent=True)
    await visitors.turn_away("gives up")
    await visitors.leave("inside")
    await visitors.arrive("next", urgent=True)

    assert visitors.inside == ["next"]
    await visitors.all_leave()


async def test_who_is_turned_away_inside_gives_the_place_on() -> None:
    visitors = Visitors(Lanes(1))
    await visitors.arrive("inside", urgent=True)
    await visitors.arrive("waiting", urgent=True)
    await visitors.turn_away("inside")

    assert visitors.inside == ["waiting"]
    await visitors.all_leave()


async def test_a_place_given_to_someone_who_just_gave_up_is_not_lost() -> None:
    visitors = Visitors(Lanes(1))
    await visitors.arrive("inside", urgent=True)
    await visitors.arrive("gives up", urgent=True)
    visitors._leave["inside"].set()
    visitors.tasks["inside"].add_done_callback(lambda _: visitors.tasks["gives up"].cancel())
    await settle()
    await visitors.arrive("next", urgent=True)

    assert visitors.inside == ["next"]
    await visitors.all_leave()
