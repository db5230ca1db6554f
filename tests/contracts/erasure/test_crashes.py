"""An erasure that stops at any step is taken on where it stood; and how it is watched."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from prometheus_client import REGISTRY
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.erasure import ErasureScope, ErasureState
from moderation.errors import LedgerUnavailable, MediaStoreUnavailable, Superseded, TurnLost
from moderation.people import ALL_TENANTS
from storage.erasure.working import SqlErasureWork
from storage.in_memory import InMemoryMediaStore
from storage.retention.leases import SqlLeases
from storage.reviews.tables import review_jobs
from storage.tables import uploads, verdicts
from tests.contracts.erasure.house import SETTLE, House, count
from tests.contracts.words import SECOND, a_verdict, an_upload

STEPS = ["block_next", "targets", "remove_rows", "objects_removed", "end_pass"]


class Dying(InMemoryMediaStore):
    """A store that fails when so many objects were erased."""

    def __init__(self, objects, *, after: int) -> None:
        super().__init__()
        self.objects = objects
        self.left = after

    async def erase(self, place: str) -> int:
        if not self.left:
            raise MediaStoreUnavailable
        self.left -= 1
        return await super().erase(place)


class Crashing(SqlErasureWork):
    """Fails before one of its steps, or after it has taken effect."""

    def __init__(self, engine: AsyncEngine, step: str, *, late: bool) -> None:
        super().__init__(engine)
        self.step = step
        self.late = late

    async def _taken(self, step: str, *given, **named):
        work = getattr(super(), step)
        if self.step == step and not self.late:
            raise LedgerUnavailable
        result = await work(*given, **named)
        if self.step == step:
            raise LedgerUnavailable
        return result

    async def block_next(self, *given, **named):
        return await self._taken("block_next", *given, **named)

    async def targets(self, *given, **named):
        return await self._taken("targets", *given, **named)

    async def remove_rows(self, *given, **named):
        return await self._taken("remove_rows", *given, **named)

    async def objects_removed(self, *given, **named):
        return await self._taken("objects_removed", *given, **named)

    async def end_pass(self, *given, **named):
        return await self._taken("end_pass", *given, **named)


@pytest.mark.parametrize("passes_before", [0, 1])
@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
async def test_a_crash_at_any_step_is_made_up_for(
    house: House, step: str, late: bool, passes_before: int
) -> None:
    await house.keep()
    await house.use()
    await house.ask()
    if passes_before:
        await house.eraser().once()
        house.desk.clock.now += SETTLE
    with pytest.raises(LedgerUnavailable):
        await house.eraser(work=Crashing(house.engine, step, late=late)).once()
    house.desk.clock.now += SETTLE  # the lease of the one that died has ended

    for _ in range(3):
        await house.eraser().once()
        await house.relay()
        house.desk.clock.now += SETTLE

    (done,) = await house.erasures.erasures(ALL_TENANTS, limit=10)
    assert done.state is ErasureState.DONE
    assert done.removed["uploads"] == 1
    assert house.store.objects == {}
    assert await count(house.engine, uploads) == 0


class Halting(SqlErasureWork):
    """Blocks an uploader's uploads two at a time, and dies when it has done so that often."""

    def __init__(self, engine: AsyncEngine, *, after: int) -> None:
        super().__init__(engine)
        self.left = after

    async def block_next(self, erasure, *, after, limit):
        if not self.left:
            raise LedgerUnavailable
        self.left -= 1
        return await super().block_next(erasure, after=after, limit=2)


@pytest.mark.parametrize("pieces", [0, 1, 2, 3])
async def test_an_uploaders_uploads_are_blocked_in_pieces_and_a_crash_between_them_forgets_none(
    house: House, pieces: int
) -> None:
    for number in range(5):
        await house.keep(f"u{number}", sha256=f"{number}e" * 32)
    await house.keep("other", sha256="a1" * 32, uploader_id="ben-y")
    await house.ask("ann-x", scope=ErasureScope.UPLOADER)

    with pytest.raises(LedgerUnavailable):
        await house.eraser(work=Halting(house.engine, after=pieces)).once()

    blocked = [number for number in range(5) if await house.erased.holds(f"u{number}")]
    assert blocked == list(range(min(2 * pieces, 5)))
    assert await count(house.engine, uploads) == 6  # none goes before all are blocked
    done = await house.finish()
    assert (done.state, done.uploads) == (ErasureState.DONE, 5)
    assert await count(house.engine, uploads) == 1
    assert {key for key in house.store.objects if "other" not in key and "a1a1" not in key} == set()


async def test_of_an_uploader_as_many_as_are_asked_for_are_blocked_at_once(house: House) -> None:
    for number in range(3):
        await house.keep(f"u{number}")
    erasure = await house.ask("ann-x", scope=ErasureScope.UPLOADER)

    assert await house.work.block_next(erasure, after="", limit=2) == "u1"
    assert not await house.erased.holds("u2")
    assert await house.work.block_next(erasure, after="u1", limit=2) == "u2"
    assert await house.work.block_next(erasure, after="u2", limit=2) is None


@pytest.mark.parametrize("after", [0, 1])
async def test_objects_whose_rows_are_gone_are_not_forgotten(house: House, after: int) -> None:
    await house.keep()
    await house.ask()
    with pytest.raises(MediaStoreUnavailable):
        await house.eraser(store=Dying(house.store.objects, after=after)).once()
    assert await count(house.engine, uploads) == 0
    assert house.store.objects

    house.desk.clock.now += SETTLE
    await house.finish()

    assert house.store.objects == {}


async def test_packs_of_the_same_bytes_that_came_since_are_left_by_the_second_pass(
    house: House,
) -> None:
    await house.keep()
    await house.ask()
    await house.eraser().once()
    assert house.store.objects == {}
    await house.keep("u2")
    kept = dict(house.store.objects)

    house.desk.clock.now += SETTLE
    await house.end()

    assert house.store.objects == kept


async def test_a_proof_is_not_written_while_a_part_is_left(house: House) -> None:
    await house.keep()
    await house.ask()
    await house.eraser().once()
    house.desk.clock.now += SETTLE
    await house.store.put("media/acme/u1/late", b"bytes")

    with pytest.raises(MediaStoreUnavailable):
        await house.eraser(store=Dying(house.store.objects, after=0)).once()

    (still,) = await house.erasures.erasures(ALL_TENANTS, limit=10)
    assert (still.state, still.target) == (ErasureState.SETTLING, "u1")


async def test_no_proof_is_written_before_the_broker_has_the_tombstones(house: House) -> None:
    await house.keep()
    await house.ask()
    await house.eraser().once()
    house.desk.clock.now += SETTLE

    (waits,) = await house.eraser().once()
    (still,) = await house.eraser().once()
    assert (waits.state, still.state) == (ErasureState.SETTLING, ErasureState.SETTLING)

    await house.relay()
    (done,) = await house.eraser().once()
    assert done.state is ErasureState.DONE


async def test_what_an_uploader_sent_and_is_found_late_settles_for_itself(house: House) -> None:
    await house.ask("ann-x", scope=ErasureScope.UPLOADER)
    await house.eraser().once()
    await house.keep("u1")  # announced before, and only now in the ledger
    house.desk.clock.now += SETTLE

    (first,) = await house.eraser().once()
    assert (first.state, first.due_at) == (
        ErasureState.SETTLING,
        house.desk.clock.now + SETTLE,
    )
    house.desk.clock.now += SETTLE

    assert (await house.end()).uploads == 1


async def test_one_process_at_a_time_erases(house: House) -> None:
    await house.keep()
    await house.ask()
    assert await SqlLeases(house.engine, clock=house.desk.clock).take("erasure", within=SETTLE)

    assert await house.eraser().once() == []
    house.desk.clock.now += SETTLE  # the other one died at it
    assert await house.eraser().once()


class TakenOver(SqlErasureWork):
    """Takes so long over the rows of an upload that another process takes its turn."""

    def __init__(self, house: House) -> None:
        super().__init__(house.engine)
        self.house = house
        self.removed = 0

    async def remove_rows(self, *given, **named):
        self.removed += 1
        clock = self.house.desk.clock
        clock.now += SETTLE
        assert await SqlLeases(self.house.engine, clock=clock).take("erasure", within=SETTLE)
        return await super().remove_rows(*given, **named)


async def test_a_process_whose_turn_another_one_took_stops(house: House) -> None:
    for upload_id in ("u1", "u2"):
        await house.keep(upload_id)
    await house.ask("ann-x", scope=ErasureScope.UPLOADER)
    work = TakenOver(house)

    with pytest.raises(TurnLost):
        await house.eraser(work=work).once()

    assert work.removed == 1
    assert await house.eraser().once() == []  # the other one has it still
    house.desk.clock.now += SETTLE
    assert (await house.finish()).uploads == 2


async def test_a_process_that_gives_up_is_relieved_at_once(house: House) -> None:
    await house.keep()
    await house.ask()
    with pytest.raises(MediaStoreUnavailable):
        await house.eraser(store=Dying(house.store.objects, after=0)).once()

    assert await house.eraser().once()


async def test_how_many_erasures_wait_and_since_when_is_measured(house: House) -> None:
    await house.keep()
    await house.ask()
    done = REGISTRY.get_sample_value("veriscope_erasures_total", {"scope": "upload"}) or 0
    await house.eraser().once()
    house.desk.clock.now += SETTLE - SECOND
    await house.eraser().once()

    assert REGISTRY.get_sample_value("veriscope_erasures_open") == 1
    assert REGISTRY.get_sample_value("veriscope_oldest_erasure_seconds") == 3599

    house.desk.clock.now += SECOND
    await house.end()
    assert REGISTRY.get_sample_value("veriscope_erasures_open") == 0
    assert REGISTRY.get_sample_value("veriscope_oldest_erasure_seconds") == 0
    assert REGISTRY.get_sample_value("veriscope_erasures_total", {"scope": "upload"}) == done + 1


async def test_who_concludes_an_upload_while_it_is_erased_leaves_nothing_of_it(
    house: House,
) -> None:
    await house.keep()

    async def erase() -> None:
        await house.ask()
        await house.eraser().once()

    async def conclude(number: int) -> None:
        verdict = a_verdict("u1", policy=f"policy-{number}", supersedes="u1-strict")
        with suppress(Superseded):
            await house.desk.ledger.conclude(an_upload("u1"), verdict, publish=[])

    await asyncio.gather(*(conclude(number) for number in range(6)), erase())
    house.desk.clock.now += SETTLE
    await house.end()

    for table in (uploads, verdicts, review_jobs):
        assert await count(house.engine, table) == 0
