from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar

import pytest

from moderation.errors import LedgerUnavailable
from storage.together import Together


class Rows:
    """Looks at once, answers when it is let; keeps what it was asked."""

    def __init__(self, *ids: str) -> None:
        self.ids = set(ids)
        self.asked: list[list[str]] = []
        self.fails = False
        self.free = asyncio.Event()

    async def hold(self, ids: Sequence[str]) -> list[bool]:
        self.asked.append(list(ids))
        found = [one in self.ids for one in ids]
        await self.free.wait()
        if self.fails:
            raise LedgerUnavailable("away")
        return found


def together_with(rows: Rows, most: int = 500) -> Together[str, bool]:
    return Together(rows.hold, most=most)


async def until_asked(rows: Rows, times: int) -> None:
    while len(rows.asked) < times:  # noqa: ASYNC110 (nothing tells of it)
        await asyncio.sleep(0)


async def test_a_lone_question_is_put_at_once():
    rows = Rows("a")
    rows.free.set()
    assert await together_with(rows).ask("a") is True
    assert await together_with(rows).ask("b") is False
    assert rows.asked == [["a"], ["b"]]


async def test_who_asks_meanwhile_is_asked_for_with_all_others():
    rows = Rows("b", "d")
    together = together_with(rows)
    first = asyncio.create_task(together.ask("a"))
    await until_asked(rows, 1)
    others = asyncio.gather(*(together.ask(key) for key in "bcdb"))
    await asyncio.sleep(0)
    rows.free.set()
    assert (await first, await others) == (False, [True, False, True, True])
    assert rows.asked == [["a"], ["b", "c", "d", "b"]]


async def test_nobody_gets_an_answer_to_what_was_asked_before():
    rows = Rows()
    together = together_with(rows)
    first = asyncio.create_task(together.ask("a"))
    await until_asked(rows, 1)
    rows.ids.add("a")
    second = asyncio.create_task(together.ask("a"))
    await asyncio.sleep(0)
    rows.free.set()
    assert (await first, await second) == (False, True)
    assert rows.asked == [["a"], ["a"]]


async def test_a_failure_is_everybodys_who_asked_together_and_nobody_elses():
    rows = Rows("c")
    rows.fails = True
    together = together_with(rows)
    asked = [asyncio.create_task(together.ask(key)) for key in "ab"]
    await until_asked(rows, 1)
    rows.free.set()
    for task in asked:
        with pytest.raises(LedgerUnavailable):
            await task
    rows.fails = False
    assert await together.ask("c") is True


async def test_a_turn_is_about_no_more_than_it_may_be():
    rows = Rows("d")
    together = together_with(rows, most=2)
    asked = asyncio.gather(*(together.ask(key) for key in "abcd"))
    await until_asked(rows, 1)
    rows.free.set()
    assert await asked == [False, False, False, True]
    assert rows.asked == [["a"], ["b", "c"], ["d"]]


async def test_who_gives_up_takes_the_answer_from_nobody():
    rows = Rows("a", "b")
    together = together_with(rows)
    first = asyncio.create_task(together.ask("a"))
    await until_asked(rows, 1)
    impatient, patient = (asyncio.create_task(together.ask("b")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    impatient.cancel()
    rows.free.set()
    assert await patient is True
    assert impatient.cancelled()
    assert rows.asked == [["a"], ["b"]]


@pytest.mark.parametrize("fails", [False, True])
async def test_who_gives_up_during_a_turn_leaves_the_others_their_answer(fails: bool):
    under_way, free = asyncio.Event(), asyncio.Event()

    async def hold(ids: Sequence[str]) -> list[bool]:
        if len(ids) > 1:
            under_way.set()
            await free.wait()
            if fails:
                raise LedgerUnavailable("away")
        return [True for _ in ids]

    together = Together(hold, most=500)
    _, impatient, patient = (asyncio.create_task(together.ask(key)) for key in "abc")
    await under_way.wait()
    impatient.cancel()
    await asyncio.sleep(0)
    free.set()
    answers = await asyncio.gather(impatient, patient, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert isinstance(answers[1], LedgerUnavailable) if fails else answers[1] is True


async def test_a_question_that_is_cancelled_leaves_nobody_waiting():
    async def hold(_ids: Sequence[str]) -> list[bool]:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(Together(hold, most=1).ask("a"), timeout=5)


async def test_a_question_of_many_is_part_of_nobodys_trace_and_a_lone_one_of_its_own():
    work_of = ContextVar("work_of", default="nobody")
    found = []

    async def hold(ids: Sequence[str]) -> list[bool]:
        found.append((list(ids), work_of.get()))
        await asyncio.sleep(0)
        return [True for _ in ids]

    together = Together(hold, most=500)
    work_of.set("an upload")
    await asyncio.gather(*(together.ask(key) for key in "abc"))
    assert found == [(["a"], "an upload"), (["b", "c"], "nobody")]
