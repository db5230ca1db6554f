"""The searches that somebody keeps, over memory, SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from moderation.people import ALL_TENANTS, Person, Role
from storage.accounts.people import SqlPeople
from storage.accounts.records import Account
from storage.search.in_memory import InMemorySavedQueries
from storage.search.ports import (
    LONGEST_NAME,
    LONGEST_QUERY,
    MOST_SAVED,
    SavedQueries,
    SavedQuery,
)
from storage.search.saved import SqlSavedQueries
from tests.contracts.conftest import open_emptied
from tests.contracts.words import NOON


@pytest.fixture
async def kept(place: str) -> AsyncIterator[SavedQueries]:
    if place == "memory":
        yield InMemorySavedQueries()
        return
    engine = await open_emptied(place)
    for name in ("ann", "bob"):
        person = Person(
            person_id=name, name=name, role=Role.VIEWER, tenants=ALL_TENANTS, pseudonym=name
        )
        await SqlPeople(engine).add(Account(person=person, created_at=NOON))
    yield SqlSavedQueries(engine)
    await engine.dispose()


def named(name: str, query: str = "label=fake") -> SavedQuery:
    return SavedQuery(name=name, query=query)


async def test_searches_are_ones_own_and_come_by_name(kept: SavedQueries) -> None:
    assert await kept.save("ann", named("b"))
    assert await kept.save("ann", named("a"))
    assert await kept.save("bob", named("a", "lane=live"))

    assert await kept.saved("ann") == [named("a"), named("b")]
    assert await kept.saved("bob") == [named("a", "lane=live")]
    assert await kept.saved("eve") == []


async def test_the_same_name_again_takes_the_place_of_the_first(kept: SavedQueries) -> None:
    await kept.save("ann", named("a"))
    await kept.save("ann", named("a", "lane=live"))

    assert await kept.saved("ann") == [named("a", "lane=live")]


async def test_what_is_forgotten_is_gone_and_nothing_else(kept: SavedQueries) -> None:
    await kept.save("ann", named("a"))
    await kept.save("ann", named("b"))
    await kept.save("bob", named("a"))

    await kept.forget("ann", "a")
    await kept.forget("ann", "a")

    assert await kept.saved("ann") == [named("b")]
    assert await kept.saved("bob") == [named("a")]


async def test_as_many_as_are_allowed_are_kept_and_no_more(kept: SavedQueries) -> None:
    for number in range(MOST_SAVED):
        assert await kept.save("ann", named(f"{number:02}"))

    assert not await kept.save("ann", named("one more"))
    assert await kept.save("ann", named("00", "lane=live"))
    assert await kept.save("bob", named("one more"))
    assert len(await kept.saved("ann")) == MOST_SAVED


@pytest.mark.parametrize(
    ("name", "query", "allowed"),
    [
        ("", "a", False),
        ("a", "", False),
        ("x" * LONGEST_NAME, "x" * LONGEST_QUERY, True),
        ("x" * (LONGEST_NAME + 1), "a", False),
        ("a", "x" * (LONGEST_QUERY + 1), False),
        ("a\n", "a", False),
    ],
)
def test_a_search_has_a_name_and_an_address_of_bounded_length(
    name: str, query: str, allowed: bool
) -> None:
    if allowed:
        named(name, query)
        return
    with pytest.raises(ValueError, match="printable"):
        named(name, query)
