"""What the work on what is due asks of the database.

Every method raises LedgerUnavailable when the database cannot be reached or refuses.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol


class Lease(Protocol):
    """Work that one process does at a time."""

    async def take(self, name: str, *, within: timedelta) -> bool:
        """Take a work, or keep it, for that long; False while another process has it."""
        ...

    async def give_back(self, name: str) -> None:
        """Let another process take it; nothing where this one does not have it."""
        ...
