"""Takes a changed policy file while everything runs; one that is not sound changes nothing."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import Protocol

import structlog

from moderation.errors import InvalidConfiguration
from moderation.policy import Policy
from monitoring import metrics

log = structlog.get_logger()


class Follower(Protocol):
    def follow(self, policy: Policy) -> None:
        """Judge by another policy from the next upload on."""
        ...


class PolicyWatch:
    """Looks at a policy's file now and then, and hands a new policy to who judges by it.

    `read` reads the file and refuses what is not sound. Only content that was the same at two
    looks is read: it may be half written at the first. One that `judges` not, and only
    draws, is not the one to say that it was refused.
    """

    def __init__(
        self,
        path: Path,
        in_force: Policy,
        *,
        read: Callable[[Path], Policy],
        who: Sequence[Follower],
        judges: bool = True,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._path = path
        self._in_force = in_force
        self._read = read
        self._who = who
        self._judges = judges
        self._clock = clock
        self._seen: str | None = in_force.sha256
        self._judged: str | None = in_force.sha256
        self._refused_at: float | None = None

    async def run(self, *, every_seconds: float) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(every_seconds)
            await self.look()

    async def look(self) -> None:
        """Take the policy that stands in the file, refuse it, or leave all as it is."""
        found = await asyncio.to_thread(_digest, self._path)
        is_settled, self._seen = found == self._seen, found
        if is_settled and found != self._judged:
            self._judged = found
            await self._judge()
        since = self._refused_at
        if self._judges:
            metrics.POLICY_REFUSED_SECONDS.set(0.0 if since is None else self._clock() - since)

    async def _judge(self) -> None:
        before = self._in_force
        try:
            policy = await asyncio.to_thread(self._read, self._path)
        except InvalidConfiguration as error:
            self._refused_at = self._clock() if self._refused_at is None else self._refused_at
            self._say(log.error, "policy.refused", why=str(error), stays=_named(before))
            return
        self._refused_at = None
        if policy.sha256 != before.sha256:
            for follower in self._who:
                follower.follow(policy)
            self._in_force = policy
            self._say(log.info, "policy.taken", policy=_named(policy), before=_named(before))

    def _say(self, say: Callable[..., object], event: str, **facts: str) -> None:
        if self._judges:
            say(event, **facts)


def _digest(path: Path) -> str | None:
    """The hash of a file, as a policy's; None where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _named(policy: Policy) -> str:
    return f"{policy.name} {policy.sha256[:12]}"
