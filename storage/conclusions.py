"""Writes the ends of uploads, as many as are at hand in one transaction.

A verdict is some ten statements, most of which can be about many verdicts; then what the way to the
database costs, and the wait for its disk, is paid once for all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moderation.errors import Superseded
from moderation.looks import Look
from moderation.review import ReviewPlan
from moderation.upload import Lane, Upload
from moderation.verdict import Verdict
from storage import rows
from storage.erasure.senders import note_senders
from storage.erasure.tombstones import Tombstones
from storage.looks.database import remember_media
from storage.outbox import write_messages
from storage.ports import OutboundMessage
from storage.reviews.opening import open_for
from storage.search.counting import count_current
from storage.search.terms import write_terms
from storage.tables import uploads, verdict_tracks, verdicts


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What `Ledger.conclude` is given."""

    upload: Upload
    verdict: Verdict
    publish: Sequence[OutboundMessage]
    looks: Sequence[Look]


async def conclude_all(
    connection: AsyncConnection,
    ends: Sequence[Conclusion],
    tombstones: Tombstones,
    plan: ReviewPlan,
    now: datetime,
) -> list[bool]:
    """Do for each what `Ledger.conclude` says, in the caller's transaction; tell what it returns.

    Raises:
        Superseded: as there, of any of them, or two are of one upload; nothing may be committed.
    """
    asked = {one.upload.upload_id for one in ends}
    if len(asked) < len(ends):
        raise Superseded("an upload has one verdict at a time")
    # Whoever erases an upload at the same time finds what is written here when it looks for
    # the second time.
    erased = await tombstones.among(connection, asked)
    # In one order, so that no two transactions wait for each other in turns.
    left = sorted(
        (one for one in ends if one.upload.upload_id not in erased),
        key=lambda one: one.upload.upload_id,
    )
    kept = await _end_uploads(connection, left)
    new = [one for one in left if kept[one.upload.upload_id].may_be_followed_by(one.verdict)]
    if new:
        lanes = {upload_id: of_one.lane for upload_id, of_one in kept.items()}
        await _make_current(connection, new, lanes, plan, now)
    written = {one.upload.upload_id for one in new}
    return [one.upload.upload_id in written for one in ends]


async def _make_current(
    connection: AsyncConnection,
    new: Sequence[Conclusion],
    lanes: dict[str, Lane],
    plan: ReviewPlan,
    now: datetime,
) -> None:
    reached = [one.verdict for one in new]
    await _write_verdicts(connection, reached, lanes)
    await write_terms(connection, reached)
    await open_for(connection, reached, plan, now)
    await remember_media(connection, [(one.verdict, one.looks) for one in new])
    messages = [message for one in new for message in one.publish]
    await write_messages(connection, messages, at=now)
    # Last, as others that count the same wait for it.
    await count_current(connection, reached, lanes)


@dataclass(slots=True, kw_only=True)
class _Kept:
    """What is written of an upload: its lane, the digests of lineages, and its current verdict."""

    lane: Lane
    lineages: set[str]
    current: str | None = None

    def may_be_followed_by(self, verdict: Verdict) -> bool:
        """False where one of equal lineage was recorded before.

        Raises:
            Superseded: the current verdict is another than the one that is to be superseded.
        """
        if verdict.lineage.digest in self.lineages:
            return False
        if self.current != verdict.supersedes:
            raise Superseded(f"the current verdict is {self.current}, not {verdict.supersedes}")
        return True


async def _end_uploads(connection: AsyncConnection, ends: Sequence[Conclusion]) -> dict[str, _Kept]:
    """Let one transaction at a time conclude an upload, announced or not; tell what is kept of it.

    PostgreSQL locks the rows that are written; SQLite has one writer.
    """
    if not ends:
        return {}
    written = [
        rows.upload_row(one.upload)
        | {"deadline_at": one.upload.announced_at, "concluded_at": one.verdict.decided_at}
        for one in ends
    ]
    await connection.execute(_ended_upload(connection.dialect.name), written)
    await note_senders(connection, [one.upload for one in ends])
    return await _kept(connection, {one.upload.upload_id for one in ends})


@cache
def _ended_upload(dialect: str) -> rows.Insert:
    """Writes an upload's row, or into the one that is there when it ended first."""
    written = rows.INSERTS[dialect](uploads)
    first = func.coalesce(uploads.c.concluded_at, written.excluded.concluded_at)
    return written.on_conflict_do_update(
        index_elements=[uploads.c.upload_id], set_={"concluded_at": first}
    )


_KEPT = (
    select(
        uploads.c.upload_id,
        uploads.c.lane,
        verdicts.c.verdict_id,
        verdicts.c.lineage_digest,
        verdicts.c.is_current,
    )
    .outerjoin(verdicts, verdicts.c.upload_id == uploads.c.upload_id)
    .where(uploads.c.upload_id.in_(bindparam("asked", expanding=True)))
)


async def _kept(connection: AsyncConnection, upload_ids: Collection[str]) -> dict[str, _Kept]:
    kept: dict[str, _Kept] = {}
    for row in await connection.execute(_KEPT, {"asked": sorted(upload_ids)}):
        of_one = kept.setdefault(row.upload_id, _Kept(lane=Lane(row.lane), lineages=set()))
        if row.verdict_id is not None:
            of_one.lineages.add(row.lineage_digest)
        if row.is_current:
            of_one.current = row.verdict_id
    return kept


_NO_MORE_CURRENT = (
    update(verdicts).where(verdicts.c.verdict_id == bindparam("before")).values(is_current=False)
)
_CONCLUDED_AGAIN = (
    update(uploads)
    .where(uploads.c.upload_id == bindparam("again"))
    .values(concluded_at=bindparam("decided_at"))
)


async def _write_verdicts(
    connection: AsyncConnection, reached: Sequence[Verdict], lanes: dict[str, Lane]
) -> None:
    changed = [one for one in reached if one.supersedes is not None]
    if changed:
        await connection.execute(_NO_MORE_CURRENT, [{"before": one.supersedes} for one in changed])
        again = [{"again": one.upload_id, "decided_at": one.decided_at} for one in changed]
        await connection.execute(_CONCLUDED_AGAIN, again)
    written = [rows.verdict_row(one, lanes[one.upload_id]) for one in reached]
    await connection.execute(insert(verdicts), written)
    tracks = [row for one in reached for row in rows.track_rows(one)]
    if tracks:
        await connection.execute(insert(verdict_tracks), tracks)
