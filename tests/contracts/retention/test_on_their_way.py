"""Packs are named by bytes: an upload on its way may need those of one whose time is over."""

from __future__ import annotations

from moderation.retention import Part, Retention, RetentionPlan
from tests.contracts.erasure.house import House
from tests.contracts.retention.retainers import DAY, ENDED, PACK, SECONDS, keep, retainer


async def test_packs_that_an_upload_on_its_way_wrote_again_stay_and_go_when_it_has_not_come(
    house: House,
) -> None:
    times = Retention(media=DAY, packs=2 * DAY, evidence=30 * DAY, verdicts=30 * DAY)
    retained = retainer(house, plan=RetentionPlan(default=times))
    await keep(house)
    await keep(house, "u2", sha256="a1" * 32, decided_at=ENDED + DAY)
    house.desk.clock.now = again = ENDED + 2 * DAY + SECONDS
    await house.store.put(PACK, b"crops")

    assert (await retained.once())[Part.PACKS] == 0
    assert PACK in house.store.objects
    house.desk.clock.now = again + 2 * DAY
    assert (await retained.once())[Part.PACKS] == 1  # the other one's, in its own time
    assert PACK in house.store.objects
    house.desk.clock.now += SECONDS
    assert (await retained.once())[Part.PACKS] == 1
    assert PACK not in house.store.objects


async def test_verdicts_go_in_their_time_and_leave_packs_to_an_upload_on_its_way(
    house: House,
) -> None:
    await keep(house)
    house.desk.clock.now = again = ENDED + 4 * DAY + SECONDS
    await house.store.put(PACK, b"crops")

    assert (await retainer(house).once())[Part.VERDICTS] == 1
    assert PACK in house.store.objects
    assert {key.split("/")[0] for key in house.store.objects} == {"packs"}

    house.desk.clock.now = again + 8 * DAY  # nothing came of it: it is a stray
    await retainer(house).once()
    assert house.store.objects == {}
