"""Shadow scores in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from moderation.lineage import ModelIdentity
from moderation.shadow import Opinion, ShadowOutcome, ShadowScore, Tally
from moderation.verdict import Action, Label
from storage.database import reading, writing
from storage.rows import insert
from storage.shadow.ports import ShadowFilter
from storage.shadow.tables import shadow_scores
from storage.tables import uploads
from storage.tenancy import seen_by

_KEY = ("upload_id", "shadow_sha256")
_IDENTITIES = tuple(
    f"{whose}_{what}" for whose in ("serving", "shadow") for what in ("name", "version", "sha256")
)
_ENDS = ("outcome", "serving_label", "shadow_label", "serving_action", "shadow_action")


class SqlShadowScores:
    """Implements `storage.shadow.ports.ShadowKeeping` and `ShadowReading`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def keep(self, scores: Sequence[ShadowScore]) -> set[str]:
        if not scores:
            return set()
        async with writing(self._engine) as connection:
            there = await _free(connection, {score.upload_id for score in scores})
            rows = [_row(score) for score in scores if score.upload_id in there]
            if rows:
                await _write(connection, rows)
        return {score.upload_id for score in scores} - there

    async def tallies(self, which: ShadowFilter) -> list[Tally]:
        columns = [shadow_scores.c[name] for name in (*_IDENTITIES, *_ENDS)]
        asked: Select[Any] = (
            select(
                *columns,
                func.count().label("uploads"),
                func.coalesce(func.sum(shadow_scores.c.serving_seconds), 0.0).label("serving"),
                func.coalesce(func.sum(shadow_scores.c.shadow_seconds), 0.0).label("shadow"),
            )
            .where(*_meant(which))
            .group_by(*columns)
        )
        async with reading(self._engine) as connection:
            return [_tally(row) for row in await connection.execute(asked)]

    async def flipped(self, which: ShadowFilter, *, limit: int) -> list[ShadowScore]:
        asked = (
            select(shadow_scores)
            .where(*_meant(which), shadow_scores.c.serving_label != shadow_scores.c.shadow_label)
            .order_by(shadow_scores.c.drawn_at.desc(), shadow_scores.c.upload_id)
            .limit(limit)
        )
        async with reading(self._engine) as connection:
            return [_score(row) for row in await connection.execute(asked)]


async def _free(connection: AsyncConnection, upload_ids: set[str]) -> set[str]:
    """Those that are in the ledger and that nobody has locked.

    The reference to `uploads` locks their rows until this transaction ends, as `conclude` does
    to write a verdict: it neither waits for one, nor lets one be erased in between.
    """
    found = await connection.scalars(
        select(uploads.c.upload_id)
        .where(uploads.c.upload_id.in_(sorted(upload_ids)))
        .with_for_update(read=True, key_share=True, skip_locked=True)
    )
    return set(found)


async def _write(connection: AsyncConnection, rows: list[dict[str, Any]]) -> None:
    """Insert; a row that tells of a loss gives way to a score, when the upload came again."""
    statement = insert(connection, shadow_scores)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=list(_KEY),
            set_={name: statement.excluded[name] for name in rows[0] if name not in _KEY},
            where=shadow_scores.c.outcome != ShadowOutcome.SCORED.value,
        ),
        rows,
    )


def _meant(which: ShadowFilter) -> list[ColumnElement[bool]]:
    meant = [seen_by(which.tenants, shadow_scores.c.tenant)]
    if which.since is not None:
        meant.append(shadow_scores.c.drawn_at >= which.since)
    if which.until is not None:
        meant.append(shadow_scores.c.drawn_at < which.until)
    return meant


def _row(score: ShadowScore) -> dict[str, Any]:
    return {
        "upload_id": score.upload_id,
        **_identity_row("shadow", score.shadow),
        **_identity_row("serving", score.serving),
        "tenant": score.tenant,
        "verdict_id": score.verdict_id,
        "lineage_digest": score.lineage_digest,
        "drawn_at": score.drawn_at,
        "outcome": score.outcome.value,
        **_said_row("serving", score.by_serving),
        **_said_row("shadow", score.by_shadow),
    }


def _identity_row(whose: str, identity: ModelIdentity) -> dict[str, str]:
    return {
        f"{whose}_name": identity.name,
        f"{whose}_version": identity.version,
        f"{whose}_sha256": identity.sha256,
    }


def _said_row(whose: str, said: Opinion | None) -> dict[str, Any]:
    return {
        f"{whose}_label": said.label.value if said else None,
        f"{whose}_action": said.action.value if said else None,
        f"{whose}_probability": said.fake_probability if said else None,
        f"{whose}_seconds": said.seconds if said else None,
    }


def _identity(row: Row[Any], whose: str) -> ModelIdentity:
    name, version, sha256 = (
        getattr(row, f"{whose}_{what}") for what in ("name", "version", "sha256")
    )
    return ModelIdentity(name=name, version=version, sha256=sha256)


def _said(row: Row[Any], whose: str) -> Opinion | None:
    label = getattr(row, f"{whose}_label")
    if label is None:
        return None
    return Opinion(
        label=Label(label),
        action=Action(getattr(row, f"{whose}_action")),
        fake_probability=getattr(row, f"{whose}_probability"),
        seconds=getattr(row, f"{whose}_seconds"),
    )


def _score(row: Row[Any]) -> ShadowScore:
    return ShadowScore(
        upload_id=row.upload_id,
        tenant=row.tenant,
        shadow=_identity(row, "shadow"),
        serving=_identity(row, "serving"),
        verdict_id=row.verdict_id,
        lineage_digest=row.lineage_digest,
        drawn_at=row.drawn_at,
        outcome=ShadowOutcome(row.outcome),
        by_serving=_said(row, "serving"),
        by_shadow=_said(row, "shadow"),
    )


def _tally(row: Row[Any]) -> Tally:
    scored = row.serving_label is not None
    return Tally(
        serving=_identity(row, "serving"),
        shadow=_identity(row, "shadow"),
        outcome=ShadowOutcome(row.outcome),
        labels=(Label(row.serving_label), Label(row.shadow_label)) if scored else None,
        actions=(Action(row.serving_action), Action(row.shadow_action)) if scored else None,
        uploads=row.uploads,
        serving_seconds=row.serving,
        shadow_seconds=row.shadow,
    )
