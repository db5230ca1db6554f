from __future__ import annotations

import pytest

from streams.replay.room import room_in


class Outbox:
    """Has so many messages at each look."""

    def __init__(self, *waiting: int) -> None:
        self.waiting = list(waiting)

    async def backlog(self):
        return self.waiting.pop(0), None


class Pauses:
    def __init__(self) -> None:
        self.count = 0

    async def __call__(self, seconds: float) -> None:
        self.count += 1


@pytest.mark.parametrize(("waiting", "pauses"), [((10,), 0), ((11, 10), 1), ((30, 20, 11, 0), 3)])
async def test_a_replay_waits_while_more_than_so_many_verdicts_wait(
    waiting: tuple[int, ...], pauses: int
) -> None:
    pause, said = Pauses(), []
    await room_in(Outbox(*waiting), most=10, pause=pause, say=said.append)()
    assert pause.count == pauses
    assert said == list(waiting[:-1])
