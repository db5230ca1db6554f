"""What each table keeps of an upload, and how it goes: every table stands here, or a test fails.

Statements run in the order of `HOLDINGS`: what is found through another table goes before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import (
    Column,
    ColumnElement,
    Delete,
    Select,
    Table,
    Update,
    delete,
    func,
    select,
    update,
)

from storage.accounts.tables import (
    api_tokens,
    invitations,
    media_accesses,
    people,
    sessions,
    sign_in_failures,
    viewings,
)
from storage.comments.tables import comments
from storage.erasure.tables import (
    erased_uploads,
    erasure_key,
    erasure_targets,
    erasures,
    upload_senders,
)
from storage.looks.tables import listed_looks, looks, seen_media
from storage.retention.tables import leases, retention_holds, retention_marks
from storage.reviews.tables import (
    decision_chains,
    decision_notes,
    decisions,
    known_items,
    review_jobs,
    review_skips,
    standing_decisions,
    unsettled_decisions,
)
from storage.search.tables import saved_queries, verdict_counts, verdict_terms
from storage.shadow.tables import shadow_scores
from storage.tables import (
    dead_letter_uploads,
    dead_letters,
    outbox,
    uploads,
    verdict_tracks,
    verdicts,
)

Statement: TypeAlias = Delete | Update
Where: TypeAlias = Callable[[Sequence[str]], ColumnElement[bool]]  # of ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What a table keeps of uploads. `where` finds the rows, which are deleted, or `blanked`:
    then the row stays for what else it says.
    """

    table: Table
    where: Where
    blanked: dict[str, Any] | None = None

    def statement(self, upload_id: str) -> Statement:
        found = self.where([upload_id])
        if self.blanked is None:
            return delete(self.table).where(found)
        return update(self.table).where(found).values(self.blanked)

    def count(self, upload_ids: Sequence[str]) -> Select[int]:
        return select(func.count()).select_from(self.table).where(self.where(upload_ids))


def _by(column: Column[Any]) -> Where:
    """Rows that name an upload in a column."""
    return lambda upload_ids: column.in_(upload_ids)


def _untold(upload_ids: Sequence[str]) -> ColumnElement[bool]:
    """Messages that wait to be told; the tombstones of an earlier pass are to be told."""
    return outbox.c.key.in_(upload_ids) & (outbox.c.value != b"")


def _through(column: Column[Any], other: Column[Any], by: Column[Any]) -> Where:
    """Rows that name a row of another table, which names an upload."""
    return lambda upload_ids: column.in_(select(other).where(by.in_(upload_ids)))


dead_letters_of = _through(
    dead_letters.c.dead_letter_id,
    dead_letter_uploads.c.dead_letter_id,
    dead_letter_uploads.c.upload_id,
)

# What is done by statements of their own, in this order.
HOLDINGS: Sequence[Holding] = (
    Holding(table=outbox, where=_untold),
    Holding(table=dead_letters, where=dead_letters_of),
    *(
        Holding(
            table=table,
            where=_through(table.c.decision_id, decisions.c.decision_id, decisions.c.upload_id),
        )
        for table in (unsettled_decisions, decision_notes)
    ),
    Holding(
        table=decisions,
        where=lambda upload_ids: (
            decisions.c.upload_id.in_(upload_ids) & decisions.c.subject.is_not(None)
        ),
        blanked={
            "upload_id": "",
            "verdict_id": "",
            "job_id": "",
            "token": decisions.c.decision_id,
            "subject_salt": None,
        },
    ),
    Holding(
        table=media_accesses,
        where=_by(media_accesses.c.upload_id),
        blanked={"upload_id": "", "detail": ""},
    ),
    Holding(
        table=review_skips,
        where=_through(review_skips.c.job_id, review_jobs.c.job_id, review_jobs.c.upload_id),
    ),
    *(
        Holding(
            table=table,
            where=_through(table.c.verdict_id, verdicts.c.verdict_id, verdicts.c.upload_id),
        )
        for table in (verdict_tracks, verdict_terms)
    ),
    *(
        Holding(table=table, where=_by(table.c.upload_id))
        for table in (
            review_jobs,
            standing_decisions,
            known_items,
            looks,
            seen_media,
            shadow_scores,
            comments,
            upload_senders,
            retention_holds,
            verdicts,
            uploads,
        )
    ),
)

# What goes with the rows of another table by itself: they are what those are found by.
GO_ALONG: dict[Table, Table] = {dead_letter_uploads: dead_letters}

# Where nothing stands of an upload, and why.
NOTHING: dict[Table, str] = {
    people: "who works here",
    invitations: "who works here",
    sessions: "who works here",
    api_tokens: "programs of tenants",
    sign_in_failures: "who failed to come in",
    viewings: "how who works here wants to see media",
    decision_chains: "a tenant's length and last digest",
    verdict_counts: "numbers of a tenant; an upload that goes is counted no more",
    saved_queries: "what who works here looks for, and never an upload's id",
    retention_marks: "a tenant and a moment",
    leases: "a name of work",
    erasures: "the proof; its target goes when it is done",
    erased_uploads: "the tombstone: a keyed hash",
    erasure_targets: "what an erasure works on; they go when it is done",
    erasure_key: "the key of the hashes",
    listed_looks: "lists that were brought in: hashes of others' media",
}
