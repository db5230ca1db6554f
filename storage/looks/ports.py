"""What is asked about uploads that were sent before, and how they are remembered.

Every method raises LedgerUnavailable when the database cannot be reached or refuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from moderation.looks import Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """An upload that looks alike; `distance` is that of its closest look, 0 to 31 bits."""

    upload_id: str
    distance: int


class LookAlikes(Protocol):
    """Nobody learns of another tenant's uploads."""

    async def same_bytes(self, tenant: str, sha256: str, *, limit: int) -> list[str]:
        """The ids of a tenant's uploads of these bytes, by id."""
        ...

    async def looks_of(self, upload_id: str) -> tuple[Look, ...]:
        """How an upload looks, in time; empty where nothing could be compared or is known."""
        ...

    async def alike(self, tenant: str, look: Look, *, limit: int) -> list[Alike]:
        """A tenant's uploads that look like it, the closest first, then by id.

        The upload that the look is of is among them. None is like a look of low quality.
        """
        ...


class LookKeeping(Protocol):
    async def add(self, upload_id: str, tenant: str, sha256: str, looks: Sequence[Look]) -> None:
        """Remember an upload of the ledger, in place of what was remembered of it before.

        Only looks that can be compared are kept.
        """
        ...

    async def forget(self, upload_id: str) -> None:
        """Forget an upload's bytes and looks; one that is not known is forgotten already."""
        ...
