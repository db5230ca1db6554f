from __future__ import annotations

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from storage.in_memory import InMemoryLedger, InMemoryOpenUploads, InMemoryOutbox, Memory
from streams.intake import Deadlines
from streams.messages import ANNOUNCED, SCORED
from streams.reconcile import GAVE_UP, Reconciler
from tests.builders import NOON, TOPICS, an_upload

DEADLINES = Deadlines(live=timedelta(minutes=10), backfill=timedelta(days=1))
FAR = NOON.replace(year=9999)


def a_reconciler(memory: Memory) -> Reconciler:
    return Reconciler(InMemoryOpenUploads(memory), DEADLINES, TOPICS, announcements=2)


async def test_what_has_no_end_after_its_deadline_is_announced_again() -> None:
    memory = Memory()
    await InMemoryLedger(memory).announce(an_upload(), deadline_at=NOON)
    assert await a_reconciler(memory).once() == 1
    (entry,) = await InMemoryOutbox(memory).pending(limit=10)
    again = ANNOUNCED.decode(entry.message.value)
    assert (again.upload, again.announcement) == (an_upload(), 2)


async def test_its_new_deadline_is_waited_for() -> None:
    memory = Memory()
    await InMemoryLedger(memory).announce(an_upload(), deadline_at=NOON)
    reconciler = a_reconciler(memory)
    await reconciler.once()
    assert await reconciler.once() == 0


async def test_what_still_has_time_is_left_alone() -> None:
    memory = Memory()
    await InMemoryLedger(memory).announce(an_upload(), deadline_at=FAR)
    assert await a_reconciler(memory).once() == 0


async def test_what_was_announced_too_often_is_given_up_with_a_rejection() -> None:
    memory = Memory()
    ledger, open_uploads = InMemoryLedger(memory), InMemoryOpenUploads(memory)
    await ledger.announce(an_upload(), deadline_at=NOON)
    await open_uploads.announce_again("u1", deadline_at=NOON, publish=[])
    await a_reconciler(memory).once()
    (entry,) = await InMemoryOutbox(memory).pending(limit=10)
    rejection = SCORED.decode(entry.message.value).rejection
    assert rejection is not None
    assert rejection.reason == GAVE_UP


@pytest.mark.parametrize(
    ("announcements", "told", "again", "rejected"),
    [(1, "upload.announced_again", 1, 0), (2, "upload.given_up", 0, 1)],
)
async def test_giving_up_is_told_and_counted_apart(
    announcements: int, told: str, again: int, rejected: int
) -> None:
    memory = Memory()
    await InMemoryLedger(memory).announce(an_upload(), deadline_at=NOON)
    for _ in range(announcements - 1):
        await InMemoryOpenUploads(memory).announce_again("u1", deadline_at=NOON, publish=[])
    before = announced_again(), given_up()

    with capture_logs() as logs:
        await a_reconciler(memory).once()

    assert [line["event"] for line in logs] == [told]
    assert (announced_again(), given_up()) == (before[0] + again, before[1] + rejected)


def announced_again() -> float:
    return counted("veriscope_uploads_reannounced_total", lane=str(an_upload().lane))


def given_up() -> float:
    return counted("veriscope_uploads_rejected_total", reason=GAVE_UP)


def counted(metric: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(metric, labels) or 0.0


class Erasing(InMemoryOpenUploads):
    """Erases the first upload while the reconciler looks at it."""

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory)
        self.memory = memory

    async def announce_again(self, upload_id: str, **given: object) -> bool:
        self.memory.uploads.pop("u1", None)
        return await super().announce_again(upload_id, **given)


async def test_an_upload_that_is_erased_meanwhile_stops_nothing() -> None:
    memory = Memory()
    for upload_id in ("u1", "u2"):
        await InMemoryLedger(memory).announce(an_upload(upload_id), deadline_at=NOON)
    reconciler = Reconciler(Erasing(memory), DEADLINES, TOPICS, announcements=2)

    assert await reconciler.once() == 1

    (entry,) = await InMemoryOutbox(memory).pending(limit=10)
    assert entry.message.key == "u2"
