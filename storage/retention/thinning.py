"""Takes what stands behind verdicts away, and leaves the verdicts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.comments.tables import comments
from storage.erasure.holdings import dead_letters_of
from storage.erasure.letters import rewrite_letters
from storage.looks.database import forget
from storage.reviews.tables import decision_notes, decisions, review_jobs, review_skips
from storage.tables import dead_letters, uploads, verdicts

# What takes the address's place, which may have held a person's name or a key.
GONE = "gone:"


async def thin(connection: AsyncConnection, upload_id: str) -> None:
    """Remove an upload's evidence, in the caller's transaction. Again, it changes nothing."""
    await forget(connection, upload_id)
    await rewrite_letters(connection, upload_id)
    await connection.execute(delete(dead_letters).where(dead_letters_of([upload_id])))
    await connection.execute(delete(comments).where(comments.c.upload_id == upload_id))
    own = select(decisions.c.decision_id).where(decisions.c.upload_id == upload_id)
    await connection.execute(delete(decision_notes).where(decision_notes.c.decision_id.in_(own)))
    jobs = select(review_jobs.c.job_id).where(review_jobs.c.upload_id == upload_id)
    await connection.execute(delete(review_skips).where(review_skips.c.job_id.in_(jobs)))
    await connection.execute(
        update(review_jobs).where(review_jobs.c.upload_id == upload_id).values(appeal=None)
    )
    await _thin_upload(connection, upload_id)
    await _thin_verdicts(connection, upload_id)


async def _thin_upload(connection: AsyncConnection, upload_id: str) -> None:
    own = uploads.c.upload_id == upload_id
    kept = await connection.scalar(select(uploads.c.upload).where(own))
    if kept is not None:
        less = {**kept, "file_name": None, "uri": GONE}
        await connection.execute(update(uploads).where(own).values(upload=less))


async def _thin_verdicts(connection: AsyncConnection, upload_id: str) -> None:
    own = select(verdicts.c.verdict_id, verdicts.c.verdict).where(verdicts.c.upload_id == upload_id)
    for row in (await connection.execute(own)).all():
        kept: dict[str, Any] = row.verdict
        if kept.get("provenance") is not None:
            await connection.execute(
                update(verdicts)
                .where(verdicts.c.verdict_id == row.verdict_id)
                .values(verdict={**kept, "provenance": None})
            )
