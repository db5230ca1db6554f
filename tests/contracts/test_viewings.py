"""What is kept of how people want media to be shown, over memory, SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from moderation.errors import Inconsistent
from storage.accounts.database import accounts_in
from storage.accounts.in_memory import accounts_in_memory
from storage.accounts.ports import Accounts
from storage.accounts.records import Viewing
from tests.contracts.accounts import an_account
from tests.contracts.conftest import open_emptied


@pytest.fixture
async def accounts(place: str) -> AsyncIterator[Accounts]:
    if place == "memory":
        yield accounts_in_memory()
        return
    engine = await open_emptied(place)
    yield accounts_in(engine)
    await engine.dispose()


async def test_a_choice_is_kept_until_another_is_made_or_it_is_forgotten(
    accounts: Accounts,
) -> None:
    for name in ("ann", "bob"):
        await accounts.people.add(an_account(name))
    assert await accounts.viewings.chosen("id-ann") is None

    for viewing in (Viewing(blurred=False), Viewing(grey=False, muted=False)):
        await accounts.viewings.choose("id-ann", viewing)
        assert await accounts.viewings.chosen("id-ann") == viewing
    assert await accounts.viewings.chosen("id-bob") is None

    await accounts.viewings.choose("id-ann", None)
    assert await accounts.viewings.chosen("id-ann") is None


async def test_nobody_chooses_who_is_not_there(accounts: Accounts) -> None:
    with pytest.raises(Inconsistent):
        await accounts.viewings.choose("id-eve", Viewing())
