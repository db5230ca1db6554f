"""How long signing in has to wait after failures, for a name and for an address."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.accounts.records import Failures

FORGET = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slowing:
    """`free` failures cost nothing; from then on the wait doubles from one second to `longest`.

    There is no lock-out for good: anybody could lock anybody out by it. A quarter of an hour for
    each guess leaves 96 a day.
    """

    free: int
    longest: timedelta = timedelta(minutes=15)

    def wait(self, known: Failures | None, now: datetime) -> timedelta:
        """How long from now; nothing when it may be tried."""
        if known is None or known.count < self.free or now - known.last_at >= FORGET:
            return timedelta(0)
        seconds = 2.0 ** min(known.count - self.free, 20)
        until = known.last_at + min(timedelta(seconds=seconds), self.longest)
        return max(until - now, timedelta(0))


BY_NAME = Slowing(free=5)
# An office may sit behind one address.
BY_ADDRESS = Slowing(free=50)


def name_key(name: str) -> str:
    """Names are what people type, passwords among them: they are not kept."""
    return "name:" + hashlib.sha256(name.encode()).hexdigest()[:40]


def address_key(address: str) -> str:
    return f"address:{address}"
