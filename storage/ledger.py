"""The ledger in SQLite or PostgreSQL: uploads, and the verdicts that end them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Executable, Select, bindparam, func, insert, select, update
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
            lane = await _end_upload(connection, upload, verdict.decided_at)
            if not await _may_be_current(connection, verdict):
                return False
            await _make_current(connection, verdict, lane)
            await write_terms(connection, verdict)
            await open_for(connection, verdict, self._plan, self._clock())
            await remember_media(connection, verdict, looks)
            await write_messages(connection, publish, at=self._clock())
            # Last, as others that count the same wait for it.
            await count_current(connection, verdict, lane)
        return True

    async def status(self, upload_id: str) -> UploadStatus:
        async with reading(self._engine) as connection:
            found = await connection.execute(_STATUS, {"asked": upload_id})
            row = found.one_or_none()
            if row is not None:
                return rows.read_status(row)
            erased = await self._tombstones.hold(connection, upload_id)
        # In the same words: whoever sees another tenant's uploads only is not told more.
        kind = UploadErased if erased else UnknownUpload
        raise kind(f"no upload {upload_id} is in the ledger")


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


_STATUS = status_query().where(uploads.c.upload_id == bindparam("asked"))


_VERDICTS_OF = select(
    verdicts.c.verdict_id, verdicts.c.lineage_digest, verdicts.c.is_current
).where(verdicts.c.upload_id == bindparam("asked"))


@cache
def _new_upload(dialect: str) -> Executable:
    """Writes an upload's row, and tells its id, unless there is one."""
    return (
        rows.INSERTS[dialect](uploads)
        .on_conflict_do_nothing(index_elements=[uploads.c.upload_id])
        .returning(uploads.c.upload_id)
    )


@cache
def _ended_upload(dialect: str) -> Executable:
    """Writes an upload's row, or into the one that is there when it ended first; tells its lane."""
    written = rows.INSERTS[dialect](uploads)
    first = func.coalesce(uploads.c.concluded_at, written.excluded.concluded_at)
    return written.on_conflict_do_update(
        index_elements=[uploads.c.upload_id], set_={"concluded_at": first}
    ).returning(uploads.c.lane)


async def _insert_upload(
    connection: AsyncConnection, upload: Upload, deadline_at: datetime
) -> bool:
    row = {**rows.upload_row(upload), "deadline_at": deadline_at}
    if await connection.scalar(_new_upload(connection.dialect.name), row) is None:
        return False
    await note_sender(connection, upload)
    return True


async def _end_upload(connection: AsyncConnection, upload: Upload, ended_at: datetime) -> Lane:
    """Let one transaction at a time conclude an upload, announced or not; tell its lane.

    PostgreSQL locks the row that is written; SQLite has one writer.
    """
    row = rows.upload_row(upload)
    row |= {"deadline_at": upload.announced_at, "concluded_at": ended_at}
    lane = await connection.scalar(_ended_upload(connection.dialect.name), row)
    await note_sender(connection, upload)
    return Lane(lane)


async def _may_be_current(connection: AsyncConnection, verdict: Verdict) -> bool:
    """False where one of equal lineage was recorded before.

    Raises:
        Superseded: the current verdict is another than the one that is to be superseded.
    """
    kept = (await connection.execute(_VERDICTS_OF, {"asked": verdict.upload_id})).all()
    digest = verdict.lineage.digest
    if any(row.lineage_digest == digest for row in kept):
        return False
    current = next((row.verdict_id for row in kept if row.is_current), None)
    if current != verdict.supersedes:
        raise Superseded(f"the current verdict is {current}, not {verdict.supersedes}")
    return True


async def _make_current(connection: AsyncConnection, verdict: Verdict, lane: Lane) -> None:
    if verdict.supersedes is not None:
        before = verdicts.c.verdict_id == verdict.supersedes
        await connection.execute(update(verdicts).where(before).values(is_current=False))
        upload = uploads.c.upload_id == verdict.upload_id
        await connection.execute(
            update(uploads).where(upload).values(concluded_at=verdict.decided_at)
        )
    await connection.execute(insert(verdicts), rows.verdict_row(verdict, lane))
    if verdict.tracks:
        await connection.execute(insert(verdict_tracks), rows.track_rows(verdict))
