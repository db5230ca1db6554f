"""What is asked of erasures. Every method raises LedgerUnavailable when the database cannot be
reached or refuses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from moderation.erasure import Erasure, ErasureRequest
from moderation.people import Tenants
from storage.ports import OutboundMessage


class Erasures(Protocol):
    """Asking for erasures, and looking at them."""

    async def ask(self, request: ErasureRequest) -> Erasure:
        """Write the request; an upload is blocked from then on.

        An upload that is erased already, or about to be, answers with that erasure.

        Raises:
            UnknownUpload: the tenant has no such upload.
        """
        ...

    async def preview(self, request: ErasureRequest) -> Mapping[str, int]:
        """How much would be removed, by table, and nothing is. Raises: UnknownUpload."""
        ...

    async def erasures(
        self, tenants: Tenants, *, target: str | None = None, limit: int
    ) -> list[Erasure]:
        """The newest first; of one upload or uploader where a target is given, done or not."""
        ...


class ErasedUploads(Protocol):
    """What must not come back."""

    async def holds(self, upload_id: str) -> bool:
        """Whether the upload was erased, or is being."""
        ...

    async def has_bytes(self, tenant: str, sha256: str, *, besides: str) -> bool:
        """Whether an upload besides that one has these bytes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An upload that an erasure has yet to remove in this pass."""

    upload_id: str
    tenant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What of an upload is to go from the media store: keys, and folders, which end with a slash.

    `ended_at` is when it came to its end, where that is known still: what was written to a shared
    folder later is not its own.
    """

    places: tuple[str, ...]
    ended_at: datetime | None


class ErasureWork(Protocol):
    """The steps of an erasure. Each may be taken again, after whatever crash."""

    async def due(self, now: datetime, *, limit: int) -> list[Erasure]:
        """Those with something to do, the longest due first."""
        ...

    async def block_next(self, erasure: Erasure, *, after: str, limit: int) -> str | None:
        """Block the next of an uploader's uploads, by id, in a transaction of their own.

        Returns the last one's id; None where there are no more, as with a single upload, which
        is blocked when it is asked for.
        """
        ...

    async def targets(self, erasure: Erasure) -> list[Target]:
        """The uploads left in this pass, of those that are blocked."""
        ...

    async def end_pass(self, erasure: Erasure, *, now: datetime, settle: timedelta) -> Erasure:
        """After the first pass: wait that long for the second. After it, and when all messages
        are told: write the proof.
        """
        ...


class ErasureSteps(Protocol):
    """What is done for each upload, in this order."""

    async def remove_rows(
        self, erasure: Erasure, target: Target, *, publish: Sequence[OutboundMessage]
    ) -> Left:
        """Remove all rows and write the messages, in one transaction.

        What lies in the media store is remembered.
        """
        ...

    async def objects_removed(
        self, erasure: Erasure, target: Target, *, count: int, ended: bool
    ) -> None:
        """Count what went from the media store; its pass has ended where nothing is left there."""
        ...

    async def backlog(self) -> tuple[int, datetime | None]:
        """How many erasures are not done, and when the oldest was asked for."""
        ...
