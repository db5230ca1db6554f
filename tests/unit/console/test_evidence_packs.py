"""Packs are read once for many crops, in bounded memory, and forgotten soon."""

from __future__ import annotations

import asyncio

import pytest

from console.evidence.packs import Packs
from moderation.errors import MissingMedia
from storage.in_memory import InMemoryMediaStore


class CountingStore(InMemoryMediaStore):
    """Counts what is read of it, and can hold readers up."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        super().__init__(objects)
        self.reads: list[str] = []
        self.open = asyncio.Event()
        self.open.set()

    async def read(self, key: str) -> bytes:
        self.reads.append(key)
        await self.open.wait()
        return await super().read(key)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_pack_is_read_once_for_all_who_ask_at_the_same_time() -> None:
    store = CountingStore({"a": b"aa"})
    packs = Packs(store)
    store.open.clear()
    asking = [asyncio.ensure_future(packs.open("a")) for _ in range(5)]
    await asyncio.sleep(0)
    asking[0].cancel()  # who gives up takes nothing from the others
    store.open.set()

    assert {(await each).content for each in asking[1:]} == {b"aa"}
    assert (await packs.open("a")).content == b"aa"
    assert store.reads == ["a"]


async def test_a_pack_is_read_anew_once_its_time_is_over() -> None:
    store, clock = CountingStore({"a": b"aa"}), Clock()
    packs = Packs(store, seconds=60.0, clock=clock)
    before = await packs.open("a")
    await store.put("a", b"other")

    clock.now = 59.9
    assert await packs.open("a") == before
    clock.now = 60.0
    assert (await packs.open("a")).digest != before.digest
    assert store.reads == ["a", "a"]


async def test_a_pack_that_is_gone_is_not_shown_once_its_time_is_over() -> None:
    store, clock = CountingStore({"a": b"aa"}), Clock()
    packs = Packs(store, seconds=60.0, clock=clock)
    await packs.open("a")
    await store.delete("a")
    clock.now = 60.0

    with pytest.raises(MissingMedia):
        await packs.open("a")


async def test_of_more_packs_than_fit_the_one_looked_at_longest_ago_goes() -> None:
    store = CountingStore({"a": b"aa", "b": b"bb", "c": b"cc"})
    packs = Packs(store, most_bytes=4)
    for key in "abacab":
        await packs.open(key)

    assert store.reads == ["a", "b", "c", "b"]


@pytest.mark.parametrize(("size", "reads"), [(4, 1), (5, 2)])
async def test_a_pack_beyond_all_bounds_is_read_each_time(size: int, reads: int) -> None:
    store = CountingStore({"a": b"x" * size})
    packs = Packs(store, most_bytes=4)

    for _ in range(2):
        assert len((await packs.open("a")).content) == size

    assert len(store.reads) == reads


async def test_a_reading_that_fails_is_tried_again_by_the_next() -> None:
    store = CountingStore({})
    packs = Packs(store)
    with pytest.raises(MissingMedia):
        await packs.open("a")
    await store.put("a", b"aa")

    assert (await packs.open("a")).content == b"aa"
