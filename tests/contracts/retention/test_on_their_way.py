"""Packs are named by bytes: an upload on its way may need those of one whose time is over."""

from __future__ import annotations

from moderation.retention import Part, Retention, RetentionPlan
from moderation.verdict import Match, MatchKind
from storage.retention.working import SqlRetention
from tests.contracts.erasure.house import House, media
from tests.contracts.retention.retainers import DAY, ENDED, PACK, SECONDS, keep, retainer
from tests.contracts.reviews.desk import published
from tests.contracts.words import an_upload


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


class Meanwhile(SqlRetention):
    """Once packs are found to be due, another upload takes the verdict over, and writes none."""

    def __init__(self, house: House) -> None:
        super().__init__(house.engine)
        self.house = house

    async def due(self, tenant, part, **named):
        found = await super().due(tenant, part, **named)
        if part is not Part.PACKS:
            return found
        match = Match(kind=MatchKind.VERDICT, verdict_id="u1-strict")
        facts = {"media": media(), "face_pack": PACK, "matched": (match,)}
        verdict = published("u2", **facts, decided_at=self.house.desk.clock.now)
        await self.house.desk.ledger.conclude(an_upload("u2"), verdict, publish=[])
        return found


async def test_packs_stay_when_their_verdict_was_taken_over_since_they_were_found_to_be_due(
    house: House,
) -> None:
    await keep(house)
    house.desk.clock.now = ENDED + 2 * DAY + SECONDS

    removed = await retainer(house, work=Meanwhile(house)).once()

    assert removed[Part.PACKS] == 1
    assert PACK in house.store.objects
