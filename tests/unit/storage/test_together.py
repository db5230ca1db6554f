from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextvars import ContextVar

import pytest

from moderation.errors import LedgerUnavailable
from storage.together import Together


class Rows:
    """Looks at once, answers when it is let; keeps what it was asked."""

    def __init__(self, *ids: str) -> None:
        self.ids = set(ids)
        self.asked: list[set[str]] = []
        self.fails = False
        self.free = asyncio.Event()

    async def among(self, ids: Collection[str]) -> set[str]:
        self.asked.append(set(ids))
        found = self.ids & set(ids)
        await self.free.wait()
        if self.fails:
            raise LedgerUnavailable("away")
        return found


async def until_asked(rows: Rows, times: int) -> None:
    while len(rows.asked) < times:  # noqa: ASYNC110 (nothing tells of it)
        await asyncio.sleep(0)


async def test_a_lone_question_is_put_at_once():
    rows = Rows("a")
    rows.free.set()
    assert await Together(rows.among).ask("a") is True
    assert await Together(rows.among).ask("b") is False
    assert rows.asked == [{"a"}, {"b"}]


async def test_who_asks_meanwhile_is_asked_for_with_all_others():
    rows = Rows("b", "d")
    together = Together(rows.among)
    first = asyncio.create_task(together.ask("a"))
    await until_asked(rows, 1)
    others = asyncio.gather(*(together.ask(key) for key in "bcdb"))
    await asyncio.sleep(0)
    rows.free.set()
    assert (await first, await others) == (False, [True, False, True, True])
    assert rows.asked == [{"a"}, {"b", "c", "d"}]


async def test_nobody_gets_an_answer_to_what_was_asked_before():
    rows = Rows()
    together = Together(rows.among)
    first = asyncio.create_task(together.ask("a"))
    await until_asked(rows, 1)
    rows.ids.add("a")
    second = asyncio.create_task(together.ask("a"))
    await asyncio.sleep(0)
    rows.free.set()
    assert (await first, await second) == (False, True)
    assert rows.asked == [{"a"}, {"a"}]


async def test_a_failure_is_everybodys_who_asked_together_and_nobody_elses():
    rows = Rows("c")
    rows.fails = True
    together = Together(rows.among)
    asked = [asyncio.create_task(together.ask(key)) for key in "ab"]
    await until_asked(rows, 1)
    rows.free.set()
    for task in asked:
        with pytest.raises(LedgerUnavailable):
            await task
    rows.fails = False
    assert await together.ask("c") is True


async def test_who_gives_up_takes_the_answer_from_nobody():
    rows = Rows("a")
    together = Together(rows.among)
    impatient, patient = (asyncio.create_task(together.ask("a")) for _ in range(2))
    await until_asked(rows, 1)
    impatient.cancel()
    rows.free.set()
    assert await patient is True
    assert impatient.cancelled()


async def test_a_question_that_is_cancelled_leaves_nobody_waiting():
    async def among(_ids: Collection[str]) -> set[str]:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(Together(among).ask("a"), timeout=5)


async def test_the_question_is_part_of_nobodys_trace():
    work_of = ContextVar("work_of", default="nobody")
    found = []

    async def among(_ids: Collection[str]) -> set[str]:
        found.append(work_of.get())
        return set()

    work_of.set("an upload")
    await Together(among).ask("a")
    assert found == ["nobody"]
