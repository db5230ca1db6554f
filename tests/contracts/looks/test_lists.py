"""Lists of looks: brought in, changed, matched, for one tenant or for all."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from moderation.listed_looks import ListChanges, ListedLook
from moderation.looks import Look
from moderation.matching import MOST_MATCHES
from moderation.verdict import Match, MatchKind
from storage.looks.in_memory_lists import InMemoryLookLists
from storage.looks.lists import SqlLookLists
from storage.looks.ports import LookList
from tests.contracts.conftest import open_emptied
from tests.contracts.looks.test_looks import a_look, changed

Lists = SqlLookLists | InMemoryLookLists


@pytest.fixture
async def lists(place: str) -> AsyncIterator[Lists]:
    if place == "memory":
        yield InMemoryLookLists()
        return
    engine = await open_emptied(place)
    yield SqlLookLists(engine)
    await engine.dispose()


def on(look: Look, entry: str = "") -> ListedLook:
    return ListedLook(pdq=look.pdq, entry=entry)


def told(*listed: ListedLook, withdrawn: tuple[str, ...] = ()) -> ListChanges:
    return ListChanges(listed=listed, withdrawn=withdrawn)


def match(entry: str, distance: int = 0, name: str = "partners") -> Match:
    return Match(kind=MatchKind.LISTED, list_name=name, entry=entry, distance=distance)


async def test_what_looks_like_an_entry_matches_it(lists: Lists) -> None:
    await lists.change("acme", "partners", told(on(a_look(), "7"), on(a_look(5), "8")))

    assert await lists.matches("acme", [changed(a_look(), *range(31))]) == [match("7", 31)]
    assert await lists.matches("acme", [changed(a_look(), *range(0, 64, 2))]) == []
    assert await lists.matches("acme", [a_look(quality=49)]) == []
    assert await lists.matches("acme", []) == []


async def test_an_entry_without_a_name_is_told_by_its_hash(lists: Lists) -> None:
    await lists.change("acme", "partners", told(on(a_look())))

    assert await lists.matches("acme", [a_look()]) == [match(a_look().pdq)]


async def test_a_list_is_for_its_tenant_or_for_all(lists: Lists) -> None:
    await lists.change("other", "partners", told(on(a_look(), "7")))
    assert await lists.matches("acme", [a_look()]) == []

    await lists.change("*", "shared", told(on(a_look(), "9")))
    assert await lists.matches("acme", [a_look()]) == [match("9", name="shared")]


async def test_the_closest_come_first_each_once_and_no_more_than_are_told(lists: Lists) -> None:
    many = [on(changed(a_look(), bit), f"{bit:02}") for bit in range(MOST_MATCHES + 2)]
    await lists.change("acme", "partners", told(*many, on(a_look(), "same")))

    found = await lists.matches("acme", [a_look(), changed(a_look(), 3)])

    assert found[:2] == [match("03"), match("same")]
    assert len({one.entry for one in found}) == len(found) == MOST_MATCHES


async def test_a_hash_stands_on_a_list_once_with_what_was_told_last(lists: Lists) -> None:
    await lists.change("acme", "partners", told(on(a_look(), "1"), on(a_look(), "2")))
    await lists.change("acme", "partners", told(on(a_look(), "3")))

    assert await lists.entries("acme", "partners") == [on(a_look(), "3")]


async def test_what_is_withdrawn_is_taken_off_and_the_rest_stays(lists: Lists) -> None:
    await lists.change("acme", "partners", told(on(a_look(1), "1"), on(a_look(2), "2")))
    await lists.change("acme", "partners", told(withdrawn=(a_look(1).pdq, a_look(9).pdq)))

    assert await lists.entries("acme", "partners") == [on(a_look(2), "2")]


async def test_replacing_leaves_nothing_else_on_the_list_and_other_lists_alone(
    lists: Lists,
) -> None:
    for name in ("partners", "own"):
        await lists.change("acme", name, told(on(a_look(1))))
    await lists.change("acme", "partners", told(on(a_look(2))), replacing=True)

    assert await lists.entries("acme", "partners") == [on(a_look(2))]
    assert await lists.entries("acme", "own") == [on(a_look(1))]


async def test_lists_are_counted_and_an_emptied_one_is_gone(lists: Lists) -> None:
    await lists.change("acme", "partners", told(on(a_look(1)), on(a_look(2))))
    await lists.change("*", "shared", told(on(a_look(1))))
    await lists.change("acme", "gone", told(on(a_look(1))))
    await lists.change("acme", "gone", told(), replacing=True)

    assert await lists.lists() == [
        LookList(tenant="*", name="shared", looks=1),
        LookList(tenant="acme", name="partners", looks=2),
    ]


async def test_a_long_list_comes_back_whole(lists: Lists) -> None:
    long = [on(a_look(seed), str(seed)) for seed in range(2100)]
    await lists.change("acme", "partners", told(*long))

    assert len(await lists.entries("acme", "partners")) == 2100
