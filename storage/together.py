"""One question to the database in place of many, where many ask the like at the same time."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked(Generic[Q, A]):
    question: Q
    answer: asyncio.Future[A]
    context: contextvars.Context


class Together(Generic[Q, A]):
    """Puts single questions to `answer_all`, which answers many in their order; for one event loop.

    There is no timer: who asks while nothing is under way is answered at once, and who asks
    meanwhile waits for the next turn, which is about all who wait, but no more than `most`.
    Nobody gets an answer to a question that was put before their own.
    """

    def __init__(
        self, answer_all: Callable[[Sequence[Q]], Awaitable[Sequence[A]]], *, most: int
    ) -> None:
        self._answer_all = answer_all
        self._most = most
        self._waiting: list[_Asked[Q, A]] = []
        self._turn: asyncio.Task[None] | None = None

    async def ask(self, question: Q) -> A:
        """Return the answer to it. Who gives up is not waited for, nor is their turn cancelled.

        Raises:
            Exception: what `answer_all` raises, for all who asked together.
        """
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        context = contextvars.copy_context()
        self._waiting.append(_Asked(question=question, answer=answer, context=context))
        if self._turn is None:
            self._begin()
        return await answer

    def _begin(self, _done: object = None) -> None:
        waiting = [one for one in self._waiting if not one.answer.done()]  # who gave up is not
        asked, self._waiting = waiting[: self._most], waiting[self._most :]
        if not asked:
            self._turn = None
            return
        # What is asked for many is part of no upload's trace.
        context = asked[0].context if len(asked) == 1 else contextvars.Context()
        self._turn = asyncio.create_task(self._answer(asked), context=context)
        self._turn.add_done_callback(self._begin)

    async def _answer(self, asked: Sequence[_Asked[Q, A]]) -> None:
        try:
            answers = await self._answer_all([one.question for one in asked])
            answered = list(zip(asked, answers, strict=True))
        except Exception as error:  # noqa: BLE001  # theirs who asked
            for one in asked:
                if not one.answer.done():
                    one.answer.set_exception(error)
                    one.answer.exception()  # who asked may give up before it is looked at
        except BaseException:
            for one in asked:
                one.answer.cancel()
            raise
        else:
            for one, answer in answered:
                if not one.answer.done():
                    one.answer.set_result(answer)
