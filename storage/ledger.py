"""The ledger in SQLite or PostgreSQL: uploads, and the verdicts that end them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from moderation.errors import Superseded, UnknownUpload, UploadErased
from moderation.looks import Look
from moderation.review import ReviewPlan
from moderation.upload import Lane, Upload
from moderation.verdict import Verdict
from storage import rows
from storage.database import now_utc, reading, writing
from storage.erasure.senders import note_sender
from storage.erasure.tombstones import Tombstones
from storage.looks.database import remember_media
from storage.outbox import write_messages
from storage.ports import OutboundMessage, UploadStatus
from storage.reviews.opening import open_for
from storage.search.counting import count_current
from storage.search.terms import write_terms
from storage.tables import uploads, verdict_tracks, verdicts


class SqlLedger:
    """Implements `storage.ports.Ledger`; `plan` says which verdicts people are to look at."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        plan: ReviewPlan | None = None,
        clock: Callable[[], datetime] = now_utc,
    ) -> None:
        self._engine = engine
        self._plan = plan or ReviewPlan()
        self._clock = clock
        self._tombstones = Tombstones()

    async def announce(
        self, upload: Upload, *, deadline_at: datetime, publish: Sequence[OutboundMessage] = ()
    ) -> bool:
        async with writing(self._engine) as connection:
            if await self._tombstones.hold(connection, upload.upload_id):
                return False
            if not await _insert_upload(connection, upload, deadline_at):
                return False
            await write_messages(connection, publish, at=self._clock())
        return True

    async def conclude(
        self,
        upload: Upload,
        verdict: Verdict,
        *,
        publish: Sequence[OutboundMessage],
        looks: Sequence[Look] = (),
    ) -> bool:
        async with writing(self._engine) as connection:
            # Whoever erases an upload at the same time finds what is written here when it looks for
            # the second time.
            if await self._tombstones.hold(connection, upload.upload_id):
                return False
            await _insert_upload(connection, upload, upload.announced_at)
            lane = await _lock(connection, upload.upload_id)
            if lane is None:
                return False
            if await _was_recorded(connection, verdict):
                return False
            await _make_current(connection, verdict, lane)
            await write_terms(connection, verdict)
            await open_for(connection, verdict, self._plan, self._clock())
            await remember_media(connection, upload, verdict.media, looks)
            await write_messages(connection, publish, at=self._clock())
            # Last, as others that count the same wait for it.
            await count_current(connection, verdict, lane)
        return True

    async def status(self, upload_id: str) -> UploadStatus:
        async with reading(self._engine) as connection:
            found = await connection.execute(status_query().where(uploads.c.upload_id == upload_id))
            row = found.one_or_none()
            erased = row is None and await self._tombstones.hold(connection, upload_id)
        if row is None:
            # In the same words: whoever sees another tenant's uploads only is not told more.
            kind = UploadErased if erased else UnknownUpload
            raise kind(f"no upload {upload_id} is in the ledger")
        return rows.read_status(row)


def status_query() -> Select[tuple[object, ...]]:
    """Uploads with their current verdicts; what `rows.read_status` reads."""
    return select(
        uploads.c.upload_id,
        uploads.c.upload,
        uploads.c.announcements,
        uploads.c.deadline_at,
        verdicts.c.verdict,
    ).select_from(
        uploads.outerjoin(
            verdicts,
            (verdicts.c.upload_id == uploads.c.upload_id) & verdicts.c.is_current.is_(True),
        )
    )


async def _insert_upload(
    connection: AsyncConnection, upload: Upload, deadline_at: datetime
) -> bool:
    written = await connection.execute(
        rows.insert(connection, uploads)
        .values(**rows.upload_row(upload), deadline_at=deadline_at)
        .on_conflict_do_nothing(index_elements=[uploads.c.upload_id])
        .returning(uploads.c.upload_id)
    )
    is_new = written.scalar_one_or_none() is not None
    if is_new and upload.uploader_id is not None:
        await note_sender(connection, upload)
    return is_new


async def _lock(connection: AsyncConnection, upload_id: str) -> Lane | None:
    """Let one transaction at a time conclude an upload; tell the lane it came in.

    None: it was erased while this one waited for it.

    PostgreSQL locks the row; SQLite has one writer, and leaves FOR UPDATE out.
    """
    kept = await connection.execute(
        select(uploads.c.lane).where(uploads.c.upload_id == upload_id).with_for_update()
    )
    lane = kept.scalar_one_or_none()
    return None if lane is None else Lane(lane)


async def _was_recorded(connection: AsyncConnection, verdict: Verdict) -> bool:
    recorded = await connection.scalar(
        select(verdicts.c.verdict_id).where(
            verdicts.c.upload_id == verdict.upload_id,
            verdicts.c.lineage_digest == verdict.lineage.digest,
        )
    )
    return recorded is not None


async def _make_current(connection: AsyncConnection, verdict: Verdict, lane: Lane) -> None:
    current = await connection.scalar(
        select(verdicts.c.verdict_id).where(
            verdicts.c.upload_id == verdict.upload_id, verdicts.c.is_current.is_(True)
        )
    )
    if current != verdict.supersedes:
        raise Superseded(f"the current verdict is {current}, not {verdict.supersedes}")
    if current is not None:
        await connection.execute(
            update(verdicts).where(verdicts.c.verdict_id == current).values(is_current=False)
        )
    row = rows.verdict_row(verdict, lane)
    await connection.execute(rows.insert(connection, verdicts).values(row))
    if verdict.tracks:
        await connection.execute(rows.insert(connection, verdict_tracks), rows.track_rows(verdict))
    await connection.execute(
        update(uploads)
        .where(uploads.c.upload_id == verdict.upload_id)
        .values(concluded_at=verdict.decided_at)
    )
