"""What was announced and has no end after its deadline is announced again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import structlog

from monitoring import metrics
from storage.ports import Deadlines as OpenUploads
from storage.ports import UploadStatus
from streams.intake import Deadlines, announcement
from streams.retries import BackOff, patiently
from streams.topics import Topics

log = structlog.get_logger()

_BATCH = 500
_FOR_EVER = BackOff(attempts=None)


class Reconciler:
    """Looks for uploads without an end."""

    def __init__(self, uploads: OpenUploads, deadlines: Deadlines, topics: Topics) -> None:
        self._uploads = uploads
        self._deadlines = deadlines
        self._topics = topics

    async def run(self, *, every_seconds: float) -> None:
        """Reconcile until cancelled."""
        while True:
            await patiently(self.once, _FOR_EVER)
            await asyncio.sleep(every_seconds)

    async def once(self) -> int:
        """Announce what is overdue now, and return how many that were.

        Raises:
            LedgerUnavailable: some may have been announced.
        """
        overdue = await self._uploads.overdue(datetime.now(UTC), limit=_BATCH)
        again = [status for status in overdue if await self._announce_again(status)]
        await self._report()
        return len(again)

    async def _announce_again(self, status: UploadStatus) -> bool:
        upload = status.upload
        number = status.announcements + 1
        now = datetime.now(UTC)
        done = await self._uploads.announce_again(
            upload.upload_id,
            deadline_at=self._deadlines.after(now, upload.lane, announcements=number),
            publish=[announcement(upload, self._topics, number=number)],
        )
        if done:
            metrics.UPLOADS_REANNOUNCED.labels(upload.lane).inc()
            log.warning("upload.announced_again", upload_id=upload.upload_id, announcement=number)
        return done

    async def _report(self) -> None:
        count, since = await self._uploads.backlog()
        age = (datetime.now(UTC) - since).total_seconds() if since else 0.0
        metrics.UPLOADS_OPEN.set(count)
        metrics.OLDEST_OPEN_SECONDS.set(max(0.0, age))
