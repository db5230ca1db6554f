"""A retainer over the house that erasures are tested in, and uploads that nobody looks at."""

from __future__ import annotations

from datetime import timedelta

from moderation.retention import Retention, RetentionPlan
from moderation.verdict import Action, Label
from storage.retention.leases import SqlLeases
from storage.retention.working import SqlRetention
from streams.retain import Retainer
from streams.topics import Topics
from tests.contracts.erasure.house import SHA256, House
from tests.contracts.words import NOON, SECOND

DAY = timedelta(days=1)
SECONDS = timedelta(seconds=1)
ENDED = NOON + SECOND
PLAN = RetentionPlan(
    default=Retention(media=DAY, packs=2 * DAY, evidence=3 * DAY, verdicts=4 * DAY),
    tenants={"keeps": Retention(media=None, packs=None, evidence=None, verdicts=None)},
)
PACK = f"packs/acme/{SHA256}/crops-1.zip"


def retainer(house: House, **changes: object) -> Retainer:
    clock = house.desk.clock
    parts = {"work": SqlRetention(house.engine), "store": house.store, "plan": PLAN} | changes
    lease = SqlLeases(house.engine, clock=clock)
    return Retainer(**parts, lease=lease, topics=Topics("test"), strays_after=8 * DAY, now=clock)


async def keep(house: House, upload_id: str = "u1", **changes: object) -> None:
    """An upload that nobody is asked about."""
    await house.keep(upload_id, label=Label.CLEAR, action=Action.PUBLISH, **changes)
