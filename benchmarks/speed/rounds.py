"""Who is measured when: side by side, in turn, so that a machine's moods meet all sides alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

Say = Callable[[str], None]
Side = Callable[[int], Awaitable[float]]
"""Measure the round of that number, from 0, and return its figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """How a question is asked: how often, how large, and where its files may lie.

    `scale` multiplies what a round holds, 1 being the size that its figures are told of; `long`
    asks for sizes that take hours.
    """

    folder: Path
    say: Say = print
    rounds: int = 3
    scale: float = 1.0
    long: bool = False

    def count(self, whole: int, *, least: int = 2) -> int:
        """How many of something a round holds, of `whole` at full size."""
        return max(least, round(whole * self.scale))


async def alternate(
    sides: Mapping[str, Side], *, rounds: int, say: Say = print
) -> dict[str, tuple[float, ...]]:
    """Measure A, B, A, B, …: the figures of each side, a round each."""
    figures: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds):
        for name, measure in sides.items():
            figure = await measure(number)
            figures[name].append(figure)
            say(f"  round {number + 1} of {rounds}, {name}: {figure:.4g}")
    return {name: tuple(found) for name, found in figures.items()}
