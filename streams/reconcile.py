"""What was announced and has no end after its deadline is announced again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import structlog

from moderation.errors import UnknownUpload
from moderation.upload import Upload
from moderation.verdict import Rejection
from monitoring import metrics
from monitoring.health import Pulse
from storage.ports import OpenUploads, OutboundMessage, UploadStatus
from streams.intake import Deadlines, announcement
from streams.messages import SCORED, UploadScored
from streams.retries import FOR_EVER, note, patiently
from streams.topics import Topics

log = structlog.get_logger()

_BATCH = 500
GAVE_UP = "gave_up"


class Reconciler:
    """Looks for uploads without an end.

    One that was announced `announcements` times is given up: that is an end, too,
    and a later judgement takes its place.
    """

    def __init__(
        self, uploads: OpenUploads, deadlines: Deadlines, topics: Topics, *, announcements: int
    ) -> None:
        self._uploads = uploads
        self._deadlines = deadlines
        self._topics = topics
        self._announcements = announcements
        self.pulse = Pulse()

    async def run(self, *, every_seconds: float) -> None:
        """Reconcile until cancelled."""
        while True:
            await patiently(self.once, FOR_EVER, on_failure=note("reconcile", self.pulse))
            await asyncio.sleep(every_seconds)

    async def once(self, *, due_by: datetime | None = None) -> int:
        """Announce or give up what is overdue now, or by then, and return how many that were.

        Raises:
            LedgerUnavailable: some may have been announced.
        """
        overdue = await self._uploads.overdue(due_by or datetime.now(UTC), limit=_BATCH)
        again = [status for status in overdue if await self._announce_again(status)]
        await self._report()
        self.pulse.beat()
        return len(again)

    async def _announce_again(self, status: UploadStatus) -> bool:
        upload = status.upload
        number = status.announcements + 1
        deadline = self._deadlines.after(datetime.now(UTC), upload.lane, announcements=number)
        try:
            done = await self._uploads.announce_again(
                upload.upload_id, deadline_at=deadline, publish=[self._message(status)]
            )
        except UnknownUpload:
            return False  # it was erased since it was found
        if done:
            self._tell(upload, number)
        return done

    def _tell(self, upload: Upload, number: int) -> None:
        if number > self._announcements:
            metrics.UPLOADS_REJECTED.labels(GAVE_UP).inc()
            log.warning("upload.given_up", upload_id=upload.upload_id, announcements=number - 1)
            return
        metrics.UPLOADS_REANNOUNCED.labels(upload.lane).inc()
        log.warning("upload.announced_again", upload_id=upload.upload_id, announcement=number)

    def _message(self, status: UploadStatus) -> OutboundMessage:
        upload, number = status.upload, status.announcements + 1
        if number <= self._announcements:
            return announcement(upload, self._topics, number=number)
        detail = f"no end after {status.announcements} announcements"
        return SCORED.encode(
            UploadScored(upload=upload, rejection=Rejection(reason=GAVE_UP, detail=detail)),
            topic=self._topics.scores(upload.lane),
            upload_id=upload.upload_id,
            at=datetime.now(UTC),
        )

    async def _report(self) -> None:
        count, since = await self._uploads.backlog()
        age = (datetime.now(UTC) - since).total_seconds() if since else 0.0
        metrics.UPLOADS_OPEN.set(count)
        metrics.OLDEST_OPEN_SECONDS.set(max(0.0, age))
