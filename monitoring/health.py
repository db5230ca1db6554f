"""Whether a process makes progress, not merely whether it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from moderation.errors import ModerationError


@dataclass(slots=True)
class Health:
    """What `/healthz` and `/readyz` look at.

    `alive` holds functions that return what is stuck, or None: a process that
    is not alive should be restarted. `ready` holds functions that use a
    dependency once and raise its error: one that is not ready gets no traffic.
    """

    alive: dict[str, Callable[[], str | None]] = field(default_factory=dict)
    ready: dict[str, Callable[[], Awaitable[object]]] = field(default_factory=dict)

    def stuck(self) -> dict[str, str]:
        answers = {name: check() for name, check in self.alive.items()}
        return {name: answer for name, answer in answers.items() if answer is not None}

    async def missing(self) -> dict[str, str]:
        failed: dict[str, str] = {}
        for name, check in self.ready.items():
            try:
                await check()
            except ModerationError as error:
                failed[name] = str(error)
        return failed
