"""Hop 0: every announced upload is in the ledger before its offset is committed.

Plain aiokafka with manual commits: the row is the promise that the upload
will come to an end, whatever dies later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from moderation.upload import Lane, Upload
from monitoring import metrics
from storage.ports import Ledger, OutboundMessage
from streams.messages import ANNOUNCED, UploadAnnounced
from streams.retries import Origin
from streams.topics import Topics


class Deadlines:
    """By when an upload should have its end; the reconciler announces it again after that."""

    def __init__(self, *, live: timedelta, backfill: timedelta) -> None:
        self._by_lane = {Lane.LIVE: live, Lane.BACKFILL: backfill}

    def after(self, now: datetime, lane: Lane, *, announcements: int = 1) -> datetime:
        """Each further announcement waits twice as long, up to 64 times."""
        doublings = min(announcements - 1, 6)
        return now + self._by_lane[lane] * int(2**doublings)


class Intake:
    """Writes announced uploads into the ledger."""

    def __init__(self, ledger: Ledger, topics: Topics, deadlines: Deadlines) -> None:
        self._ledger = ledger
        self._topics = topics
        self._deadlines = deadlines

    async def __call__(self, origin: Origin) -> Sequence[OutboundMessage]:
        """Note one announcement from a topic; a known upload is left as it is.

        Raises:
            UnparsableMessage: it is no announcement.
            LedgerUnavailable: try again.
        """
        upload = read_announcement(origin, self._topics).upload
        deadline = self._deadlines.after(datetime.now(UTC), upload.lane)
        if await self._ledger.announce(upload, deadline_at=deadline):
            metrics.UPLOADS_ANNOUNCED.labels(upload.lane, "topic").inc()
        return []

    async def accept(self, upload: Upload) -> bool:
        """Take an upload that came by another way, and announce it: one transaction.

        Returns False when its id is known.

        Raises:
            LedgerUnavailable: nothing was written.
        """
        deadline = self._deadlines.after(datetime.now(UTC), upload.lane)
        message = announcement(upload, self._topics)
        new = await self._ledger.announce(upload, deadline_at=deadline, publish=[message])
        if new:
            metrics.UPLOADS_ANNOUNCED.labels(upload.lane, "api").inc()
        return new


def read_announcement(origin: Origin, topics: Topics) -> UploadAnnounced:
    """Read an announcement; the topic says the lane, whatever the message says.

    Raises:
        UnparsableMessage: it is none.
    """
    message = ANNOUNCED.decode(origin.value)
    return replace(message, upload=replace(message.upload, lane=topics.lane_of(origin.topic)))


def announcement(
    upload: Upload, topics: Topics, *, number: int = 1, afresh: bool = False
) -> OutboundMessage:
    return ANNOUNCED.encode(
        UploadAnnounced(upload=upload, announcement=number, afresh=afresh),
        topic=topics.uploads(upload.lane),
        upload_id=upload.upload_id,
        at=upload.announced_at,
    )
