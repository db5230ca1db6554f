"""Everything of `storage.ports`, kept in memory: for tests, and for looking at one upload.

No method awaits between reading and writing, so each is one transaction. The
contract tests hold these to the same promises as the databases.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from moderation.errors import (
    EmptyMedia,
    MediaTooLarge,
    MissingMedia,
    Superseded,
    UnknownUpload,
    UploadErased,
)
from moderation.looks import Look
from moderation.upload import Upload
from moderation.verdict import Verdict
from storage.database import now_utc
from storage.erasure.letters import without
from storage.keys import checked_key
from storage.looks.in_memory import LookMemory
from storage.ports import (
    DeadLetter,
    DeadLetterFilter,
    KeptDeadLetter,
    OutboundMessage,
    PendingMessage,
    StoredObject,
    UploadStatus,
)
from storage.reviews.memory import ReviewMemory
from storage.rows import fitted


@dataclass(slots=True)
class Memory:
    """What the ledger, the deadlines, the outbox, the dead letters and the reviews share.

    `verdicts` holds those of an upload in the order in which they were reached.
    """

    clock: Callable[[], datetime] = now_utc
    uploads: dict[str, UploadStatus] = field(default_factory=dict)
    verdicts: dict[str, list[Verdict]] = field(default_factory=dict)
    messages: dict[int, PendingMessage] = field(default_factory=dict)
    letters: dict[int, KeptDeadLetter] = field(default_factory=dict)
    messages_written: int = 0
    reviews: ReviewMemory = field(default_factory=ReviewMemory)
    looks: LookMemory = field(default_factory=LookMemory)
    erased: set[str] = field(default_factory=set)

    def write_messages(self, messages: Sequence[OutboundMessage], *, at: datetime) -> None:
        for message in messages:
            self.messages_written += 1
            number = self.messages_written
            self.messages[number] = PendingMessage(outbox_id=number, message=message, created_at=at)


class InMemoryLedger:
    """Implements `storage.ports.Ledger`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def announce(
        self, upload: Upload, *, deadline_at: datetime, publish: Sequence[OutboundMessage] = ()
    ) -> bool:
        if upload.upload_id in self._memory.uploads.keys() | self._memory.erased:
            return False
        self._insert(upload, deadline_at)
        self._memory.write_messages(publish, at=self._memory.clock())
        return True

    async def conclude(
        self,
        upload: Upload,
        verdict: Verdict,
        *,
        publish: Sequence[OutboundMessage],
        looks: Sequence[Look] = (),
    ) -> bool:
        if upload.upload_id in self._memory.erased:
            return False
        reached = self._memory.verdicts.get(upload.upload_id, [])
        if any(known.lineage.digest == verdict.lineage.digest for known in reached):
            return False
        current = reached[-1].verdict_id if reached else None
        if current != verdict.supersedes:
            raise Superseded(f"the current verdict is {current}, not {verdict.supersedes}")
        if verdict.was_taken_over and not self._memory.looks.shared(verdict):
            raise Superseded("the upload whose verdict was to be taken over is gone")
        if upload.upload_id not in self._memory.uploads:
            self._insert(upload, upload.announced_at)
        status = self._memory.uploads[upload.upload_id]
        self._memory.uploads[upload.upload_id] = replace(status, verdict=verdict)
        self._memory.verdicts[upload.upload_id] = [*reached, verdict]
        self._memory.reviews.open_for(verdict, self._memory.clock())
        self._memory.looks.remember_media(upload, verdict.media, looks)
        self._memory.write_messages(publish, at=self._memory.clock())
        return True

    async def status(self, upload_id: str) -> UploadStatus:
        return _known(self._memory, upload_id)

    def _insert(self, upload: Upload, deadline_at: datetime) -> None:
        self._memory.uploads[upload.upload_id] = UploadStatus(
            upload=upload,
            announcements=1,
            deadline_at=deadline_at.astimezone(UTC),
            verdict=None,
        )


class InMemoryOpenUploads:
    """Implements `storage.ports.OpenUploads`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def overdue(self, now: datetime, *, limit: int) -> list[UploadStatus]:
        late = [
            status
            for status in self._memory.uploads.values()
            if status.verdict is None and status.deadline_at < now
        ]
        late.sort(key=lambda status: (status.deadline_at, status.upload.upload_id))
        return late[:limit]

    async def announce_again(
        self, upload_id: str, *, deadline_at: datetime, publish: Sequence[OutboundMessage]
    ) -> bool:
        """See `storage.ports.OpenUploads`.

        Raises:
            UnknownUpload: no such upload.
        """
        status = _known(self._memory, upload_id)
        if status.verdict is not None:
            return False
        self._memory.uploads[upload_id] = replace(
            status,
            announcements=status.announcements + 1,
            deadline_at=deadline_at.astimezone(UTC),
        )
        self._memory.write_messages(publish, at=self._memory.clock())
        return True

    async def backlog(self) -> tuple[int, datetime | None]:
        since = [
            status.upload.announced_at
            for status in self._memory.uploads.values()
            if status.verdict is None
        ]
        return len(since), min(since, default=None)


class InMemoryOutbox:
    """Implements `storage.ports.Outbox`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def pending(self, *, limit: int) -> list[PendingMessage]:
        return list(self._memory.messages.values())[:limit]

    async def discard(self, outbox_ids: Sequence[int]) -> None:
        for outbox_id in outbox_ids:
            self._memory.messages.pop(outbox_id, None)

    async def backlog(self) -> tuple[int, datetime | None]:
        waiting = self._memory.messages.values()
        return len(waiting), min((message.created_at for message in waiting), default=None)


class InMemoryDeadLetters:
    """Implements `storage.ports.DeadLetters`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def keep(self, letter: DeadLetter) -> bool:
        left = without(letter, self._memory.erased)
        if left is None:
            return False
        known = next(
            (
                kept
                for kept in self._memory.letters.values()
                if _origin(kept.letter) == _origin(letter)
            ),
            None,
        )
        if known is not None and known.redriven_at is None:
            return False
        number = known.dead_letter_id if known else len(self._memory.letters) + 1
        self._memory.letters[number] = KeptDeadLetter(
            dead_letter_id=number, letter=fitted(left), redriven_at=None
        )
        return True

    async def find(self, which: DeadLetterFilter, *, limit: int) -> list[KeptDeadLetter]:
        found = [kept for kept in self._memory.letters.values() if _is_meant(kept, which)]
        found.sort(key=lambda kept: (kept.letter.failed_at, kept.dead_letter_id))
        return found[:limit]

    async def redrive(
        self, dead_letter_id: int, *, now: datetime, publish: OutboundMessage
    ) -> bool:
        kept = self._memory.letters.get(dead_letter_id)
        if kept is None or kept.redriven_at is not None:
            return False
        self._memory.letters[dead_letter_id] = replace(kept, redriven_at=now)
        self._memory.write_messages([publish], at=now)
        return True


class InMemoryMediaStore:
    """Implements `storage.ports.MediaStore`, `Ranged` and `Erasable`."""

    def __init__(self, objects: Mapping[str, bytes] | None = None) -> None:
        self.objects = dict(objects or {})

    async def put(self, key: str, content: bytes | Path | AsyncIterator[bytes]) -> None:
        name = checked_key(key)
        if isinstance(content, bytes):
            whole = content
        elif isinstance(content, Path):
            whole = await asyncio.to_thread(content.read_bytes)
        else:
            whole = b"".join([chunk async for chunk in content])
        self.objects[name] = whole

    async def read(self, key: str) -> bytes:
        try:
            return self.objects[checked_key(key)]
        except KeyError as error:
            raise MissingMedia(f"no object {key} is in the media store") from error

    async def size(self, key: str) -> int:
        return len(await self.read(key))

    async def read_part(self, key: str, *, start: int, length: int) -> bytes:
        return (await self.read(key))[start : start + length]

    async def download(self, key: str, to: Path, *, limit_bytes: int) -> None:
        content = await self.read(key)
        if len(content) > limit_bytes:
            raise MediaTooLarge(f"the object has more than {limit_bytes} bytes")
        await asyncio.to_thread(to.write_bytes, content)

    async def delete(self, key: str) -> None:
        self.objects.pop(checked_key(key), None)

    async def erase(self, place: str) -> int:
        name = checked_key(place)
        keys = [key for key in self.objects if key == name or key.startswith(f"{name}/")]
        for key in keys:
            del self.objects[key]
        return len(keys)

    async def stored(self, place: str) -> AsyncIterator[StoredObject]:
        for key in [key for key in self.objects if key.startswith(f"{checked_key(place)}/")]:
            yield StoredObject(key=key, written_at=datetime.min.replace(tzinfo=UTC))


class InMemorySource:
    """Implements `storage.ports.Source` over what it is given: bytes, or the error to raise."""

    def __init__(self, answers: Mapping[str, bytes | Exception]) -> None:
        self.answers = dict(answers)

    async def fetch(self, uri: str, to: Path) -> None:
        answer = self.answers.get(uri)
        if answer is None:
            raise MissingMedia
        if isinstance(answer, Exception):
            raise answer
        if not answer:
            raise EmptyMedia
        await asyncio.to_thread(to.write_bytes, answer)


def _known(memory: Memory, upload_id: str) -> UploadStatus:
    if upload_id in memory.erased:
        raise UploadErased(f"no upload {upload_id} is in the ledger")
    status = memory.uploads.get(upload_id)
    if status is None:
        raise UnknownUpload(f"no upload {upload_id} is in the ledger")
    return status


def _origin(letter: DeadLetter) -> tuple[str, int, int]:
    return letter.origin_topic, letter.origin_partition, letter.origin_offset


def _is_meant(kept: KeptDeadLetter, which: DeadLetterFilter) -> bool:
    letter = kept.letter
    return (
        (not which.ids or kept.dead_letter_id in which.ids)
        and (which.reason is None or letter.reason == which.reason)
        and (which.since is None or letter.failed_at >= which.since)
        and (which.until is None or letter.failed_at < which.until)
        and (kept.redriven_at is None or not which.waiting_only)
    )
