"""What is promised of uploads that have no end, over memory, SQLite and PostgreSQL alike."""

from __future__ import annotations

from datetime import timedelta

import pytest

from moderation.errors import UnknownUpload
from tests.contracts.words import NOON, SECOND, Store, a_message, a_verdict, an_upload

LATER = NOON + 60 * SECOND


@pytest.mark.parametrize(
    ("past_deadline", "overdue"), [(timedelta(), []), (timedelta(microseconds=1), ["u1"])]
)
async def test_an_upload_is_overdue_once_its_deadline_has_passed(
    store: Store, past_deadline: timedelta, overdue: list[str]
) -> None:
    await store.ledger.announce(an_upload(), deadline_at=LATER)

    found = await store.open_uploads.overdue(LATER + past_deadline, limit=10)

    assert [status.upload.upload_id for status in found] == overdue


async def test_an_upload_with_an_end_is_never_overdue(store: Store) -> None:
    await store.ledger.announce(an_upload(), deadline_at=NOON)
    await store.ledger.conclude(an_upload(), a_verdict(), publish=[])
    await store.ledger.conclude(an_upload("u2"), a_verdict("u2"), publish=[])

    assert await store.open_uploads.overdue(LATER, limit=10) == []


async def test_the_oldest_deadlines_come_first_and_no_more_than_asked_for(store: Store) -> None:
    for upload_id, seconds in (("a", 3), ("b", 1), ("c", 2)):
        await store.ledger.announce(an_upload(upload_id), deadline_at=NOON + seconds * SECOND)

    found = await store.open_uploads.overdue(LATER, limit=2)

    assert [status.upload.upload_id for status in found] == ["b", "c"]


async def test_announcing_again_counts_moves_the_deadline_and_publishes(store: Store) -> None:
    await store.ledger.announce(an_upload(), deadline_at=NOON)

    assert await store.open_uploads.announce_again("u1", deadline_at=LATER, publish=[a_message()])

    status = await store.ledger.status("u1")
    assert status.announcements == 2
    assert status.deadline_at == LATER
    assert [waiting.message for waiting in await store.outbox.pending(limit=2)] == [a_message()]


async def test_what_has_an_end_is_not_announced_again(store: Store) -> None:
    await store.ledger.announce(an_upload(), deadline_at=NOON)
    await store.ledger.conclude(an_upload(), a_verdict(), publish=[])

    again = await store.open_uploads.announce_again("u1", deadline_at=LATER, publish=[a_message()])

    assert not again
    assert (await store.ledger.status("u1")).announcements == 1
    assert await store.outbox.backlog() == (0, None)


async def test_what_was_never_announced_cannot_be_announced_again(store: Store) -> None:
    with pytest.raises(UnknownUpload):
        await store.open_uploads.announce_again("u1", deadline_at=LATER, publish=[a_message()])

    assert await store.outbox.backlog() == (0, None)


async def test_the_backlog_is_what_has_no_end_and_its_oldest_announcement(store: Store) -> None:
    assert await store.open_uploads.backlog() == (0, None)
    await store.ledger.announce(an_upload("u1"), deadline_at=NOON)
    await store.ledger.announce(an_upload("u2", announced_at=NOON + SECOND), deadline_at=NOON)
    assert await store.open_uploads.backlog() == (2, NOON)

    await store.ledger.conclude(an_upload("u1"), a_verdict("u1"), publish=[])

    assert await store.open_uploads.backlog() == (1, NOON + SECOND)
