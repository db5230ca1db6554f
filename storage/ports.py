"""What the stream needs of what is kept.

Every method of the ledger's ports raises LedgerUnavailable when the database
cannot be reached or refuses to write, and every one of the media store's
MediaStoreUnavailable; the docstrings list what else is raised.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from moderation.looks import Look
from moderation.people import Tenants
from moderation.upload import Upload
from moderation.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """A message that leaves in the same transaction as the row it tells of.

    An empty value is a tombstone: of a compacted topic, the key's messages go.
    """

    topic: str
    key: str
    value: bytes
    headers: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingMessage:
    """An outbound message that has its place in the outbox's order."""

    outbox_id: int
    message: OutboundMessage
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadStatus:
    """Where an upload stands: `verdict` is the current one, None until there is an end."""

    upload: Upload
    announcements: int
    deadline_at: datetime
    verdict: Verdict | None


class Ledger(Protocol):
    """The truth: every announced upload, and every verdict ever reached."""

    async def announce(
        self, upload: Upload, *, deadline_at: datetime, publish: Sequence[OutboundMessage] = ()
    ) -> bool:
        """Write the upload's row and the messages in one transaction.

        Returns False, and writes nothing, when the upload is known already, or was erased.
        """
        ...

    async def conclude(
        self,
        upload: Upload,
        verdict: Verdict,
        *,
        publish: Sequence[OutboundMessage],
        looks: Sequence[Look] = (),
    ) -> bool:
        """Make the verdict the upload's current one, and write the messages, in one transaction.

        The review jobs that it opens, renews or closes are part of that transaction, and so
        is remembering the bytes and looks of media that was read (`storage.looks`); where
        no looks are given, those known of the same bytes stay.
        The one that was current is superseded (`verdict.supersedes` is filled by
        the caller from `status`, and checked here). An upload that no `announce`
        wrote yet gets its row. Returns False, and writes nothing, when a verdict
        of equal lineage exists for the upload: it was recorded before; or when the upload
        was erased.

        Raises:
            Superseded: another verdict became current since `status` was read;
                read it again. Or the verdict was taken over, and the upload that it
                was taken over from is gone: look at the media.
        """
        ...

    async def status(self, upload_id: str) -> UploadStatus:
        """Raises: UnknownUpload; UploadErased where there was one."""
        ...


class VerdictHistory(Protocol):
    """All verdicts about an upload, the superseded ones too, for who may see it."""

    async def verdicts(self, upload_id: str, tenants: Tenants) -> list[Verdict]:
        """The current one first, then what each superseded.

        Empty where there is none yet, the upload is unknown, or it is another tenant's.

        Raises:
            LedgerUnavailable: the database cannot be reached.
        """
        ...


class OpenUploads(Protocol):
    """Uploads that have no end."""

    async def overdue(self, now: datetime, *, limit: int) -> list[UploadStatus]:
        """Those without a verdict whose deadline has passed, oldest deadline first."""
        ...

    async def announce_again(
        self, upload_id: str, *, deadline_at: datetime, publish: Sequence[OutboundMessage]
    ) -> bool:
        """Count one announcement more, move the deadline and write the messages, all or nothing.

        Returns False, and writes nothing, when the upload has an end by now.
        """
        ...

    async def backlog(self) -> tuple[int, datetime | None]:
        """How many uploads have no end, and when the oldest of them was announced."""
        ...


class Outbox(Protocol):
    """Messages written with their rows, and not yet known to be on the broker."""

    async def pending(self, *, limit: int) -> list[PendingMessage]:
        """The oldest, in the order in which they were written."""
        ...

    async def discard(self, outbox_ids: Sequence[int]) -> None:
        """Forget messages that the broker has acknowledged."""
        ...

    async def backlog(self) -> tuple[int, datetime | None]:
        """How many are pending, and since when the oldest."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message that could not be handled, with its bytes intact.

    `fault` is the branch of the error tree, `reason` the error's name. The
    origin (topic, partition, offset) names a dead letter for good.
    """

    origin_topic: str
    origin_partition: int
    origin_offset: int
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes]
    fault: str
    reason: str
    detail: str
    attempts: int
    trace: str
    failed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDeadLetter:
    """A dead letter in the ledger; `redriven_at` is None while it waits for someone."""

    dead_letter_id: int
    letter: DeadLetter
    redriven_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterFilter:
    """Which dead letters are meant; None and the empty tuple do not narrow."""

    ids: tuple[int, ...] = ()
    reason: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    waiting_only: bool = True


class DeadLetters(Protocol):
    async def keep(self, letter: DeadLetter) -> bool:
        """Write the letter; False when its origin was kept before and still waits.

        What it tells of uploads that were erased is left out, and with it the letter, if it tells
        of no other.
        """
        ...

    async def find(self, which: DeadLetterFilter, *, limit: int) -> list[KeptDeadLetter]:
        """Oldest failure first."""
        ...

    async def redrive(
        self, dead_letter_id: int, *, now: datetime, publish: OutboundMessage
    ) -> bool:
        """Mark one redriven and write its message, all or nothing; False when it was already."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """An object of the media store."""

    key: str
    written_at: datetime


class MediaStore(Protocol):
    """Bytes by key: uploads, face packs and score packs. Writing a key again replaces it whole."""

    async def put(self, key: str, content: bytes | Path | AsyncIterator[bytes]) -> None:
        """Store content; readers see all of it or none."""
        ...

    async def read(self, key: str) -> bytes:
        """Raises: MissingMedia."""
        ...

    async def download(self, key: str, to: Path, *, limit_bytes: int) -> None:
        """Raises: MissingMedia, MediaTooLarge."""
        ...


class Ranged(Protocol):
    """What the media store does for those who read a part of a large object."""

    async def size(self, key: str) -> int:
        """How many bytes an object has. Raises: MissingMedia."""
        ...

    async def read_part(self, key: str, *, start: int, length: int) -> bytes:
        """The bytes from `start` on, at most `length` of them; `start` lies within the object.

        Raises: MissingMedia.
        """
        ...


class Erasable(Protocol):
    """What the media store does for those who stored in vain."""

    async def delete(self, key: str) -> None:
        """Forget an object; one that is not there is forgotten already."""
        ...

    async def erase(self, place: str) -> int:
        """Forget an object, and all below a folder of that name; tell how many that were.

        Nothing is left in a local folder either: not what a write that was killed left, nor
        the folder itself.
        """
        ...

    def stored(self, place: str) -> AsyncIterator[StoredObject]:
        """All objects below a folder, in no order."""
        ...


class Source(Protocol):
    """Where media lies that Veriscope was told of by address."""

    async def fetch(self, uri: str, to: Path) -> None:
        """Bring the bytes at an address into a local file.

        Raises:
            MediaRejected: forbidden, missing, empty, too large, or too slow.
            SourceUnavailable: its server fails; it may recover.
        """
        ...
