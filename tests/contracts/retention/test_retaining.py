"""When what was kept of an upload goes, and when it must not; in SQLite and in PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.decisions import first_break
from moderation.errors import LedgerUnavailable, MediaStoreUnavailable, TurnLost, UnknownUpload
from moderation.retention import Part
from storage.database import reading
from storage.in_memory import InMemoryMediaStore
from storage.looks.tables import looks
from storage.retention.leases import SqlLeases
from storage.retention.working import SqlRetention
from storage.reviews.tables import decision_notes, review_jobs
from storage.tables import dead_letters, uploads, verdicts
from tests.contracts.erasure.house import SHA256, House
from tests.contracts.retention.retainers import DAY, ENDED, PACK, SECONDS, keep, retainer
from tests.contracts.reviews.desk import published
from tests.contracts.words import NOON, an_upload

TIMES = [(Part.MEDIA, 1), (Part.PACKS, 2), (Part.EVIDENCE, 3), (Part.VERDICTS, 4)]


async def values(house: House, *columns) -> list:
    async with reading(house.engine) as connection:
        return [tuple(row) for row in await connection.execute(select(*columns))]


@pytest.mark.parametrize(("part", "days"), TIMES)
async def test_a_part_goes_when_its_time_is_over_and_not_a_moment_before(
    house: House, part: Part, days: int
) -> None:
    await keep(house)

    house.desk.clock.now = ENDED + days * DAY
    await retainer(house).once()
    before = await retainer(house).once()
    house.desk.clock.now += SECONDS
    after = await retainer(house).once()

    assert before[part] == 0
    assert after == {one: int(one is part) for one in Part}


async def test_bytes_go_first_then_packs_then_evidence_then_verdicts(house: House) -> None:
    await keep(house)
    seen = []
    for days in range(1, 5):
        house.desk.clock.now = ENDED + days * DAY + SECONDS
        await retainer(house).once()
        names = await values(house, uploads.c.upload)
        seen.append(
            (
                sorted(key.split("/")[0] for key in house.store.objects),
                [row[0]["file_name"] for row in names],
                len(await values(house, looks.c.look_id)),
                [
                    row[0]["provenance"] is not None
                    for row in await values(house, verdicts.c.verdict)
                ],
            )
        )

    assert seen == [
        (["packs", "packs"], ["holiday.mp4"], 1, [True]),
        ([], ["holiday.mp4"], 1, [True]),
        ([], [None], 0, [False]),
        ([], [], 0, []),
    ]


async def test_evidence_takes_words_along_and_leaves_decision_and_verdict(house: House) -> None:
    await house.keep()
    await house.use()
    await house.desk.take_and_decide("cid", "overturn")  # the appeal
    await house.desk.settle_all()

    house.desk.clock.now += 3 * DAY + SECONDS
    await retainer(house).once()

    assert await values(house, decision_notes.c.note) == []
    assert await values(house, dead_letters.c.dead_letter_id) == []
    assert {row[0] for row in await values(house, review_jobs.c.appeal)} == {None}
    assert (await house.desk.ledger.status("u1")).upload.uri == "gone:"
    assert (await house.desk.records.history("u1")).standing is not None


async def test_verdicts_go_with_tombstones_and_leave_the_chain_whole(house: House) -> None:
    await house.keep()
    await house.use()
    await house.desk.take_and_decide("cid", "overturn")
    await house.desk.settle_all()

    house.desk.clock.now += 4 * DAY + SECONDS
    await retainer(house).once()

    with pytest.raises(UnknownUpload):
        await house.desk.ledger.status("u1")
    pending = await house.desk.outbox.pending(limit=10)
    assert ("test.verdicts", b"") in [(e.message.topic, e.message.value) for e in pending]
    links = await house.desk.audit.links("acme", after=0, limit=10)
    assert first_break(links) is None
    assert {one.decision.upload_id for one in links} == {""}


async def test_an_upload_that_somebody_decides_about_is_held_until_they_have(
    house: House,
) -> None:
    await house.keep()
    house.desk.clock.now = ENDED + DAY + SECONDS
    assert (await retainer(house).once())[Part.MEDIA] == 0
    assert REGISTRY.get_sample_value("veriscope_retention_held", {"part": "media"}) == 1

    await house.desk.take_and_decide()
    await house.desk.settle_all()
    decided = house.desk.clock.now
    house.desk.clock.now = decided + DAY
    assert (await retainer(house).once())[Part.MEDIA] == 0  # its time begins anew

    house.desk.clock.now = decided + DAY + SECONDS
    assert (await retainer(house).once())[Part.MEDIA] == 1
    assert REGISTRY.get_sample_value("veriscope_retention_held", {"part": "media"}) == 0
    assert PACK in house.store.objects


async def test_packs_stay_while_an_upload_of_the_same_bytes_needs_them(house: House) -> None:
    await keep(house, "u1")
    await keep(house, "u2", decided_at=ENDED + DAY)

    house.desk.clock.now = ENDED + 2 * DAY + SECONDS
    assert (await retainer(house).once())[Part.PACKS] == 1
    assert PACK in house.store.objects

    house.desk.clock.now += DAY
    assert (await retainer(house).once())[Part.PACKS] == 1
    assert PACK not in house.store.objects


async def test_each_tenant_has_times_of_its_own(house: House) -> None:
    await keep(house, "u1")
    await keep(house, "u2", tenant="keeps")

    house.desk.clock.now += 1000 * DAY
    await retainer(house).once()

    assert await values(house, uploads.c.upload_id) == [("u2",)]
    assert len(house.store.objects) == 3


async def test_an_upload_without_an_end_is_never_due(house: House) -> None:
    await house.desk.ledger.announce(an_upload("u1"), deadline_at=NOON)

    house.desk.clock.now += 1000 * DAY
    await retainer(house).once()

    assert await values(house, uploads.c.upload_id) == [("u1",)]


async def test_many_that_ended_in_one_moment_are_all_removed(house: House) -> None:
    for number in range(250):
        await house.desk.conclude(published(f"u{number}"))

    house.desk.clock.now = ENDED + 4 * DAY + SECONDS
    removed = await retainer(house).once()

    assert removed == dict.fromkeys(Part, 250)
    assert await values(house, uploads.c.upload_id) == []


class Failing(InMemoryMediaStore):
    async def erase(self, place: str) -> int:
        raise MediaStoreUnavailable


class Dying(SqlRetention):
    """Fails before rows are removed, or after."""

    def __init__(self, engine: AsyncEngine, *, late: bool) -> None:
        super().__init__(engine)
        self.late = late

    async def remove(self, *given, **named):
        if self.late:
            await super().remove(*given, **named)
        raise LedgerUnavailable


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("part", "days"), TIMES)
async def test_a_crash_leaves_nothing_that_the_next_look_does_not_remove(
    house: House, part: Part, days: int, late: bool
) -> None:
    await keep(house)
    house.desk.clock.now = ENDED + days * DAY
    await retainer(house).once()
    house.desk.clock.now += SECONDS
    with pytest.raises(LedgerUnavailable):
        await retainer(house, work=Dying(house.engine, late=late)).once()
    house.desk.clock.now += DAY / 2

    await retainer(house).once()

    prefixes = {key.split("/")[0] for key in house.store.objects}
    assert prefixes == {Part.MEDIA: {"packs"}}.get(part, set())
    assert (await values(house, uploads.c.upload_id) == []) is (part is Part.VERDICTS)


async def test_rows_stay_while_the_store_keeps_what_they_name(house: House) -> None:
    await keep(house)
    house.desk.clock.now = ENDED + 4 * DAY + SECONDS

    with pytest.raises(MediaStoreUnavailable):
        await retainer(house, store=Failing(house.store.objects)).once()

    assert await values(house, uploads.c.upload_id) == [("u1",)]


async def test_how_long_the_oldest_is_overdue_is_measured(house: House) -> None:
    await keep(house)
    house.desk.clock.now = ENDED + DAY + timedelta(hours=1)

    with pytest.raises(MediaStoreUnavailable):
        await retainer(house, store=Failing(house.store.objects)).once()

    name, media = "veriscope_retention_overdue_seconds", {"part": "media"}
    assert REGISTRY.get_sample_value(name, media) == 3600
    assert REGISTRY.get_sample_value(name, {"part": "packs"}) == 0
    gone = REGISTRY.get_sample_value("veriscope_retention_removed_total", media) or 0
    house.desk.clock.now += DAY / 2
    await retainer(house).once()
    assert REGISTRY.get_sample_value(name, media) == 0
    assert REGISTRY.get_sample_value("veriscope_retention_removed_total", media) == gone + 1


async def test_one_process_at_a_time_removes(house: House) -> None:
    await keep(house)
    house.desk.clock.now = ENDED + DAY + SECONDS
    assert await SqlLeases(house.engine, clock=house.desk.clock).take("retention", within=DAY)

    assert await retainer(house).once() == dict.fromkeys(Part, 0)
    assert "media/acme/u1/0f" in house.store.objects


class TakenOver(SqlRetention):
    """Takes so long to remove that another process takes its turn."""

    def __init__(self, house: House) -> None:
        super().__init__(house.engine)
        self.house = house
        self.removed = 0

    async def remove(self, *given, **named):
        self.removed += 1
        clock = self.house.desk.clock
        clock.now += DAY
        assert await SqlLeases(self.house.engine, clock=clock).take("retention", within=DAY)
        return await super().remove(*given, **named)


async def test_a_process_whose_turn_another_one_took_stops(house: House) -> None:
    await keep(house)
    house.desk.clock.now = ENDED + 4 * DAY + SECONDS
    work = TakenOver(house)

    with pytest.raises(TurnLost):
        await retainer(house, work=work).once()

    assert work.removed == 1


async def test_a_process_that_gives_up_is_relieved_at_once(house: House) -> None:
    await keep(house)
    house.desk.clock.now = ENDED + DAY + SECONDS
    with pytest.raises(MediaStoreUnavailable):
        await retainer(house, store=Failing(house.store.objects)).once()

    assert (await retainer(house).once())[Part.MEDIA] == 1


class Aged(InMemoryMediaStore):
    """Everything in it was written at one moment."""

    def __init__(self, objects, written_at) -> None:
        super().__init__()
        self.objects = objects
        self.written_at = written_at

    async def stored(self, place: str):
        async for one in super().stored(place):
            yield type(one)(key=one.key, written_at=self.written_at)


@pytest.mark.parametrize(("age", "left"), [(8 * DAY, 3), (8 * DAY - SECONDS, 6)])
async def test_what_no_upload_has_goes_when_it_cannot_be_on_its_way_any_more(
    house: House, age: timedelta, left: int
) -> None:
    await house.keep()  # held: somebody is to look at it
    for key in (
        "media/acme/never/a",
        f"packs/acme/{'9' * 64}/x.zip",
        f"packs/other/{SHA256}/x.zip",
    ):
        await house.store.put(key, b"stray")
    store = Aged(house.store.objects, house.desk.clock.now - age)

    await retainer(house, store=store).once()

    assert len(house.store.objects) == left
    assert {PACK, "media/acme/u1/0f"} <= house.store.objects.keys()
