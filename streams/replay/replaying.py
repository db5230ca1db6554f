"""Decides uploads again: `compare` says what would change, `supersede` writes it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from moderation.errors import MissingPack, ScorerMismatch, Superseded, UnknownUpload
from moderation.people import ALL_TENANTS
from moderation.upload import Upload
from moderation.verdict import Verdict
from storage.ports import Ledger
from storage.search.ports import Place, Results, UploadSearch, Wanted
from streams.judging import verdict_id
from streams.messages import UploadScored
from streams.record import Record
from streams.replay.changes import Changes, LeftOut
from streams.replay.scores import Thinned
from streams.retries import BackOff, note, patiently
from streams.tasks import task_group

PAGE = 200
WINDOW = 8  # uploads in hand at once

T = TypeVar("T")
Seen = Callable[[], None]


class Scores(Protocol):
    """What an upload is decided from again: `streams.replay.scores`."""

    @property
    def missing(self) -> LeftOut:
        """What it means where MissingPack is raised."""
        ...

    async def __call__(self, upload: Upload, verdict: Verdict) -> UploadScored:
        """Raises: MissingPack, Unavailable."""
        ...


class Replay:
    """Decides again what is asked for, a page at a time: memory does not grow with uploads.

    Of both methods, `seen` is told of each upload that is done with.
    """

    def __init__(
        self,
        search: UploadSearch,
        ledger: Ledger,
        scores: Scores,
        record: Record,
        *,
        back_off: BackOff,
        page: int = PAGE,
    ) -> None:
        self._search = search
        self._ledger = ledger
        self._scores = scores
        self._record = record
        self._back_off = back_off
        self._limit = page

    async def compare(
        self, which: Wanted, *, with_what: Record | None = None, seen: Seen = lambda: None
    ) -> Changes:
        """Say what would change, and write no verdict.

        Compared with is what stands, or what another policy would decide, `with_what`.

        Raises:
            Unavailable: the ledger, the media store or the inference server stay away.
            ScorerMismatch: the inference server does not serve the bundle.
        """
        changes = Changes()

        async def one(upload_id: str) -> None:
            current, message = await self._scored(upload_id)
            after = await _decided(self._record, message, current)
            before = await _decided(with_what, message, current) if with_what else current
            if with_what is None and not after.may_supersede(current):
                changes.current += 1
            else:
                changes.compare(before, after)

        async for page in self._pages(which):
            await self._each(page, one, changes, seen)
        return changes

    async def supersede(
        self, which: Wanted, *, room: Callable[[], Awaitable[None]], seen: Seen = lambda: None
    ) -> Changes:
        """Write new verdicts; `room` returns when there is some for a page of them.

        What is already of the new lineage is left as it is, so that a replay which was
        interrupted can be run again.

        Raises:
            As `compare`; what was written until then stays.
        """
        changes = Changes()

        async def one(upload_id: str) -> None:
            current, message = await self._scored(upload_id)
            after = await _decided(self._record, message, current)
            if not after.may_supersede(current):
                changes.current += 1
                return
            await self._write(message, after)
            changes.compare(current, after)

        async for page in self._pages(which):
            await room()
            await self._each(page, one, changes, seen)
        return changes

    async def _write(self, message: UploadScored, verdict: Verdict) -> None:
        """Raises: Superseded, LedgerUnavailable: begin again with this upload."""
        if await self._record.conclude(message, verdict):
            return
        # The same was said before and superseded since: brought back, it is another verdict.
        lineage = replace(verdict.lineage, again_after=verdict.supersedes)
        again = replace(verdict, lineage=lineage, verdict_id=verdict_id(verdict.upload_id, lineage))
        if not await self._record.conclude(message, again):
            raise Superseded

    async def _scored(self, upload_id: str) -> tuple[Verdict, UploadScored]:
        status = await self._ledger.status(upload_id)
        if status.verdict is None:
            raise UnknownUpload(f"upload {upload_id} has no verdict any more")
        return status.verdict, await self._scores(status.upload, status.verdict)

    async def _pages(self, which: Wanted) -> AsyncIterator[list[str]]:
        """The newest verdict first; one that is superseded meanwhile does not move the others."""
        start, is_last = None, False
        while not is_last:
            results = await self._page(which, start)
            yield [found.upload_id for found in results.found]
            start, is_last = results.further, results.further is None

    async def _page(self, which: Wanted, start: Place | None) -> Results:
        return await self._patiently(
            lambda: self._search.find(which, ALL_TENANTS, start=start, limit=self._limit)
        )

    async def _each(
        self,
        page: Sequence[str],
        one: Callable[[str], Awaitable[None]],
        changes: Changes,
        seen: Seen,
    ) -> None:
        places = asyncio.Semaphore(WINDOW)

        async def guarded(upload_id: str) -> None:
            async with places:
                try:
                    await self._patiently(lambda: one(upload_id))
                except Thinned:
                    changes.left_out[LeftOut.THINNED] += 1
                except MissingPack:
                    changes.left_out[self._scores.missing] += 1
                except _NotCalibrated:
                    changes.left_out[LeftOut.NOT_CALIBRATED] += 1
                except UnknownUpload:
                    changes.left_out[LeftOut.ERASED] += 1
                seen()

        async with task_group() as tasks:
            for upload_id in page:
                tasks.create_task(guarded(upload_id))

    async def _patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        return await patiently(work, self._back_off, on_failure=note("replay"))


class _NotCalibrated(ScorerMismatch):
    """The scores are of a bundle that is not installed here."""


async def _decided(record: Record, message: UploadScored, current: Verdict) -> Verdict:
    try:
        verdict = record.decide(message, current)
    except ScorerMismatch as error:
        raise _NotCalibrated(str(error)) from error
    return await record.matched(message, verdict)
