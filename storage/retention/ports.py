"""What the work on what is due asks of the database.

Every method raises LedgerUnavailable when the database cannot be reached or refuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from moderation.retention import Part
from storage.ports import OutboundMessage


class Lease(Protocol):
    """Work that one process does at a time."""

    async def take(self, name: str, *, within: timedelta) -> bool:
        """Take a work, or keep it, for that long; False while another process has it."""
        ...

    async def give_back(self, name: str) -> None:
        """Let another process take it; nothing where this one does not have it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An upload of which a part's time is over. `places` are keys of the media store, and
    folders, which end with a slash.

    Nothing of one that is `held` goes: somebody decides about it, or did not long ago. With
    `anew_from` its time counts from then on, whenever it ended.
    """

    upload_id: str
    tenant: str
    ended_at: datetime
    held: bool
    places: tuple[str, ...] = ()
    anew_from: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far a part of a tenant's uploads is removed, and what waits.

    `overdue_since` is when the oldest that is due came to its end, None where nothing is.
    """

    until: datetime | None
    overdue_since: datetime | None
    held: int


class RetentionWork(Protocol):
    """Finds what is due, and removes what stands of it in the database."""

    async def tenants(self) -> list[str]:
        """Those with uploads that came to an end."""
        ...

    async def due(
        self, tenant: str, part: Part, *, ended_before: datetime, limit: int
    ) -> list[Due]:
        """The next ones, oldest end first, and those that are held no more.

        About `limit`: those that ended in the same moment are not parted.
        """
        ...

    async def remove(
        self, part: Part, due: Sequence[Due], *, publish: Sequence[OutboundMessage]
    ) -> None:
        """Remove their rows, note who is held, and how far all is done; one transaction.

        What lies in the media store is gone by then.
        """
        ...


class RetentionRecords(Protocol):
    async def needed(self, place: str, due: Due, *, ended_before: datetime) -> bool:
        """Whether it is a folder of packs that another upload of the same bytes needs by now."""
        ...

    async def standing(self, tenant: str, part: Part, *, ended_before: datetime) -> Standing:
        """How a part of a tenant's uploads stands."""
        ...

    async def strays(self, keys: Sequence[str]) -> list[str]:
        """Which of these keys of the media store no upload has any more."""
        ...
