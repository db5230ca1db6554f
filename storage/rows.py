"""How the words of the domain become rows, and rows the words again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar, cast

from pydantic import TypeAdapter
from sqlalchemy import Column, Row, String, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from moderation.upload import Lane, Upload
from moderation.verdict import Verdict
from storage.ports import DeadLetter, UploadStatus
from storage.tables import dead_letters

T = TypeVar("T")

Insert: TypeAlias = sqlite.Insert | postgresql.Insert

SCORE_BANDS = 20

_UPLOAD = TypeAdapter(Upload)
_VERDICT = TypeAdapter(Verdict)


# By dialect: an INSERT that can say what to do about a conflict.
INSERTS: dict[str, Callable[[Table], Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


def insert(connection: AsyncConnection, table: Table) -> Insert:
    """One of INSERTS, in the connection's own dialect."""
    return INSERTS[connection.dialect.name](table)


def blocks(rows: Sequence[T], *, most: int) -> Iterator[Sequence[T]]:
    """As many at once as one statement is to name."""
    for start in range(0, len(rows), most):
        yield rows[start : start + most]


def upload_row(upload: Upload) -> dict[str, Any]:
    return {
        "upload_id": upload.upload_id,
        "tenant": upload.tenant,
        "lane": upload.lane.value,
        "announced_at": upload.announced_at,
        "announcements": 1,
        "upload": _UPLOAD.dump_python(upload, mode="json"),
    }


def verdict_row(verdict: Verdict, lane: Lane) -> dict[str, Any]:
    """`lane` is the upload's."""
    model = verdict.lineage.model
    return {
        "verdict_id": verdict.verdict_id,
        "upload_id": verdict.upload_id,
        "lineage_digest": verdict.lineage.digest,
        "is_current": True,
        "supersedes": verdict.supersedes,
        "tenant": verdict.tenant,
        "label": verdict.label.value,
        "action": verdict.action.value,
        "fake_probability": verdict.fake_probability,
        "rejection_reason": verdict.rejection.reason if verdict.rejection else None,
        "model_name": model.name if model else None,
        "model_version": model.version if model else None,
        "policy_name": verdict.lineage.policy_name,
        "decided_at": verdict.decided_at,
        "verdict": _VERDICT.dump_python(verdict, mode="json"),
        "lane": lane.value,
        "policy_sha256": verdict.lineage.policy_sha256,
        "provenance_state": verdict.provenance.state.value if verdict.provenance else None,
        "score_band": score_band(verdict.fake_probability),
    }


def score_band(fake_probability: float | None) -> int | None:
    """Which of SCORE_BANDS equal parts of [0, 1] a probability lies in; 1 is in the last."""
    if fake_probability is None:
        return None
    return min(int(fake_probability * SCORE_BANDS), SCORE_BANDS - 1)


def track_rows(verdict: Verdict) -> list[dict[str, Any]]:
    return [
        {
            "verdict_id": verdict.verdict_id,
            "track_id": track.track_id,
            "label": track.label.value,
            "fake_probability": track.fake_probability,
            "first_seconds": track.first_seconds,
            "last_seconds": track.last_seconds,
            "crops_judged": track.crops_judged,
        }
        for track in verdict.tracks
    ]


def fitted(letter: DeadLetter) -> DeadLetter:
    """The letter with its words cut to their columns: one that is refused would be lost."""
    return replace(
        letter,
        fault=letter.fault[: _length(dead_letters.c.fault)],
        reason=letter.reason[: _length(dead_letters.c.reason)],
    )


def _length(column: Column[Any]) -> int | None:
    return cast(String, column.type).length


def read_verdict(kept: Any) -> Verdict:
    return _VERDICT.validate_python(kept)


def read_status(row: Row[Any]) -> UploadStatus:
    """From columns `upload`, `announcements`, `deadline_at` and `verdict` (None: no end yet).

    Raises:
        ValueError: what was kept is no upload, or no verdict, any more.
    """
    return UploadStatus(
        upload=_UPLOAD.validate_python(row.upload),
        announcements=row.announcements,
        deadline_at=row.deadline_at,
        verdict=None if row.verdict is None else read_verdict(row.verdict),
    )
