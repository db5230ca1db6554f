"""What is kept of a shadow, and what is asked of it.

Every method raises LedgerUnavailable when the database cannot be reached or refuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from moderation.people import ALL_TENANTS, Tenants
from moderation.shadow import ShadowScore, Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowFilter:
    """Which uploads are meant, by when they were drawn; `until` is not included."""

    since: datetime | None = None
    until: datetime | None = None
    tenants: Tenants = ALL_TENANTS


class ShadowKeeping(Protocol):
    async def keep(self, scores: Sequence[ShadowScore]) -> set[str]:
        """Write scores, and return the ids of the uploads that could not be written now.

        These are not in the ledger (yet), or somebody is writing about them just now: nobody
        is waited for. An upload that a shadow scored before keeps its row as it was.
        """
        ...


class ShadowReading(Protocol):
    async def tallies(self, which: ShadowFilter) -> list[Tally]:
        """Count those who came to the same end, in no order."""
        ...

    async def flipped(self, which: ShadowFilter, *, limit: int) -> list[ShadowScore]:
        """Those that the shadow would have given another label, the newest first."""
        ...
