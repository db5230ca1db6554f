"""Which faults strike, whom, how long and when: all of it drawn from one seed, before the first."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

WORKERS = ("worker-1", "worker-2")
START_SECONDS = 3.0  # about what a victim needs to be up again


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """A fault by its name. It lasts `seconds`, and `pause_seconds` follow before the next one.

    `worker` is whom it hits, if it hits a worker; `clock_seconds` by how much a clock moves.
    """

    number: int
    fault: str
    worker: str
    seconds: float
    pause_seconds: float
    clock_seconds: int


def draw(seed: int, count: int, decks: Sequence[Sequence[str]]) -> list[list[Strike]]:
    """Draw `count` strikes in all, a list for each deck; lists are struck side by side.

    Each deck is shuffled, dealt out, and shuffled again: so every kind comes equally often.
    """
    chance = random.Random(seed)
    hands: list[list[Strike]] = [[] for _ in decks]
    dealers = [_deal(deck, chance) for deck in decks]
    for number, hand in islice(enumerate(cycle(range(len(decks))), 1), count):
        hands[hand].append(
            Strike(
                number=number,
                fault=next(dealers[hand]),
                worker=chance.choice(WORKERS),
                seconds=chance.uniform(2, 9),
                pause_seconds=chance.uniform(2, 6),
                clock_seconds=chance.choice((-1, 1)) * chance.randint(20, 120),
            )
        )
    return hands


def _deal(deck: Sequence[str], chance: random.Random) -> Iterator[str]:
    left: deque[str] = deque()
    while True:
        if not left:
            left.extend(chance.sample(deck, len(deck)))
        yield left.popleft()


def nominal_seconds(hands: Sequence[Sequence[Strike]]) -> float:
    """About how long the longest list takes; some victims need longer to be up again."""
    return max(
        sum(one.seconds + START_SECONDS + one.pause_seconds for one in hand) for hand in hands
    )
