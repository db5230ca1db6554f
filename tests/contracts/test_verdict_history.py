"""Every verdict about an upload, over memory, SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from moderation.people import ALL_TENANTS, Tenants
from storage.in_memory import InMemoryLedger, Memory
from storage.in_memory_history import InMemoryVerdictHistory
from storage.ledger import SqlLedger
from storage.ports import Ledger, VerdictHistory
from storage.verdict_history import SqlVerdictHistory
from tests.contracts.conftest import open_emptied
from tests.contracts.words import NOON, SECOND, a_verdict, an_upload

ACME = Tenants.named("acme")
Kept = tuple[Ledger, VerdictHistory]


@pytest.fixture
async def kept(place: str) -> AsyncIterator[Kept]:
    if place == "memory":
        memory = Memory()
        yield InMemoryLedger(memory), InMemoryVerdictHistory(memory)
        return
    engine = await open_emptied(place)
    yield SqlLedger(engine), SqlVerdictHistory(engine)
    await engine.dispose()


async def test_superseded_verdicts_follow_the_current_one_whatever_their_clocks_said(
    kept: Kept,
) -> None:
    ledger, history = kept
    first = a_verdict(policy="a", decided_at=NOON + 9 * SECOND)
    second = a_verdict(policy="b", supersedes=first.verdict_id, decided_at=NOON)
    third = a_verdict(policy="c", supersedes=second.verdict_id, decided_at=NOON + 5 * SECOND)
    for verdict in (first, second, third):
        assert await ledger.conclude(an_upload(), verdict, publish=[])

    assert await history.verdicts("u1", ACME) == [third, second, first]


async def test_an_upload_that_nobody_judged_has_no_verdicts(kept: Kept) -> None:
    ledger, history = kept
    await ledger.announce(an_upload(), deadline_at=NOON)

    assert await history.verdicts("u1", ACME) == []
    assert await history.verdicts("u2", ALL_TENANTS) == []


async def test_verdicts_of_another_tenant_are_as_if_there_were_none(kept: Kept) -> None:
    ledger, history = kept
    await ledger.conclude(an_upload(), a_verdict(), publish=[])

    assert await history.verdicts("u1", Tenants.named("other")) == []
    assert len(await history.verdicts("u1", ALL_TENANTS)) == 1
