"""One run: uploads are announced while faults strike, then all is well, and all must come home."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from tests.chaos.faults import ALL, decks, left_out
from tests.chaos.history import History, read_history, violations, waiting
from tests.chaos.plan import START_SECONDS, Strike, draw, nominal_seconds
from tests.chaos.scene import End, Parts, Scene, open_scene
from tests.chaos.uploads import Planned, announce, make_uploads

PATIENCE_SECONDS = 900
_REDRIVEN_EVERY_SECONDS = 10
_CALM_SECONDS = 5
_SURE_STRIKES = 3

Say = Callable[[str], None]


@dataclass(kw_only=True)
class Outcome:
    """What a run came to; `seconds` from the first announcement until all had come home.

    `met` counts the strikes that met somebody; a kind of which that cannot be seen is not in it.
    """

    seed: int
    uploads: int
    struck: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    left_out: Sequence[str] = ()
    struck_seconds: float = 0.0
    seconds: float = 0.0
    ends: Sequence[End] = ()
    letters: Counter[str] = field(default_factory=Counter)
    announced_again: int = 0
    history: History | None = None

    @property
    def met_nobody(self) -> list[str]:
        """Kinds that struck often enough to be sure, and in vain."""
        return [
            fault
            for fault, met in sorted(self.met.items())
            if self.struck[fault] >= _SURE_STRIKES and not met
        ]


async def besiege(
    parts: Parts, folder: Path, *, seed: int, faults: int, uploads: int, say: Say = print
) -> Outcome:
    """Raises: AssertionError: a promise was not kept; it names all that were not."""
    say(f"seed {seed}: {faults} faults, {uploads} uploads")
    outcome = Outcome(seed=seed, uploads=uploads)
    planned = await asyncio.to_thread(make_uploads, folder / "uploads", uploads, seed=seed)
    async with open_scene(parts, folder, uploads=uploads) as scene:
        outcome.left_out = left_out(scene)
        for line in outcome.left_out:
            say(f"left out: {line}")
        async with _kept_up(scene):
            await scene.until_up()
            await _survive(scene, planned, draw(seed, faults, decks(scene)), outcome, say)
        outcome.history = await read_history(scene)
    broken = violations(
        outcome.history,
        announced={one.upload_id for one in planned},
        broken={one.upload_id for one in planned if one.broken},
    )
    assert not broken, "\n".join([f"seed {seed}", *broken])
    return outcome


@asynccontextmanager
async def _kept_up(scene: Scene) -> AsyncIterator[None]:
    keeper = asyncio.create_task(scene.keep_up())
    try:
        yield
    finally:
        keeper.cancel()
        with suppress(asyncio.CancelledError):
            await keeper


async def _survive(
    scene: Scene,
    planned: Sequence[Planned],
    hands: Sequence[Sequence[Strike]],
    outcome: Outcome,
    say: Say,
) -> None:
    clock = asyncio.get_running_loop().time
    began = clock()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(
            announce(
                planned,
                kafka=scene.parts.kafka.address,
                topics=scene.topics,
                within_seconds=nominal_seconds(hands),
            )
        )
        for hand in hands:
            tasks.create_task(_strike(scene, hand, outcome, lambda: clock() - began, say))
    outcome.struck_seconds = clock() - began
    say(f"{outcome.struck_seconds:7.1f} s       all is well again")
    await _until_home(scene, outcome, say)
    outcome.seconds = clock() - began
    outcome.ends = scene.ends


async def _strike(
    scene: Scene, hand: Sequence[Strike], outcome: Outcome, seconds: Callable[[], float], say: Say
) -> None:
    for strike in hand:
        whom = f" ({strike.worker})" if strike.fault.startswith("worker") else ""
        say(f"{seconds():7.1f} s  {strike.number:4} {strike.fault}{whom}")
        scene.recent.append(strike.fault)
        met, _ = await asyncio.gather(
            ALL[strike.fault](scene, strike), asyncio.sleep(strike.seconds + START_SECONDS)
        )
        outcome.struck[strike.fault] += 1
        if met is not None:
            outcome.met[strike.fault] += met > 0
        await asyncio.sleep(strike.pause_seconds)


async def _until_home(scene: Scene, outcome: Outcome, say: Say) -> None:
    """Redrive dead letters, as an operator does, until nothing waits, and nothing comes late."""
    home = {"ended": outcome.uploads, "outbox": 0, "dead letters": 0}
    counts, calm = {}, 0
    ledger = await asyncpg.connect(scene.database)
    try:
        for second in range(PATIENCE_SECONDS):
            counts = await waiting(ledger)
            calm = calm + 1 if counts == home else 0
            if calm == _CALM_SECONDS:
                break
            if counts["dead letters"] and second % _REDRIVEN_EVERY_SECONDS == 0:
                await _redrive(scene, ledger, outcome, say)
            await asyncio.sleep(1)
        outcome.announced_again = await ledger.fetchval(
            "SELECT coalesce(sum(announcements - 1), 0) FROM uploads"
        )
    finally:
        await ledger.close()
    say(f"afterwards: {counts} of {outcome.uploads} uploads")


async def _redrive(scene: Scene, ledger: asyncpg.Connection, outcome: Outcome, say: Say) -> None:
    letters = await ledger.fetch(
        "SELECT fault, reason, count(*) AS letters FROM dead_letters"
        " WHERE redriven_at IS NULL GROUP BY fault, reason ORDER BY fault, reason"
    )
    for row in letters:
        outcome.letters[f"{row['fault']}: {row['reason']}"] += row["letters"]
    done = await asyncio.to_thread(
        scene.deployment.command, "dead-letters", "redrive", "--everything"
    )
    say(f"redriven: {done.stdout.strip()}")
