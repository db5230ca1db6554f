"""Whether a process makes progress, not merely whether it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic

from moderation.errors import ModerationError


class Pulse:
    """When a loop last came round: a loop that hangs answers nothing, and raises nothing."""

    def __init__(self) -> None:
        self._last = monotonic()

    def beat(self) -> None:
        self._last = monotonic()

    def stuck_after(self, seconds: float) -> Callable[[], str | None]:
        """Make a check for `Health.alive`."""

        def check() -> str | None:
            silent = monotonic() - self._last
            return f"no turn for {silent:.0f} s" if silent > seconds else None

        return check


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
