"""Items whose right answer leads know, in SQLite or PostgreSQL."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.decisions import DecisionKind
from moderation.errors import UnknownUpload
from moderation.known_items import KnownAnswer, KnownItem, check_fit
from moderation.review import JobKind
from moderation.verdict import Action
from storage.database import reading, writing
from storage.reviews.ports import TenantNames
from storage.reviews.rows import known_row, read_known
from storage.reviews.statistics import not_undone
from storage.reviews.tables import decisions, known_items
from storage.rows import insert
from storage.tables import verdicts
from storage.tenancy import among


class SqlKnownItems:
    """Implements `storage.reviews.ports.KnownItems` and `KnownAnswers`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def mark(
        self,
        upload_id: str,
        expected: DecisionKind,
        *,
        by: str,
        at: datetime,
        tenants: TenantNames = None,
    ) -> KnownItem:
        async with writing(self._engine) as connection:
            found = await connection.execute(
                select(verdicts.c.tenant, verdicts.c.verdict_id, verdicts.c.action).where(
                    verdicts.c.upload_id == upload_id,
                    verdicts.c.is_current.is_(True),
                    among(tenants, verdicts.c.tenant),
                )
            )
            row = found.one_or_none()
            if row is None:
                raise UnknownUpload(f"no verdict on {upload_id} is in the ledger")
            check_fit(Action(row.action))
            item = KnownItem(
                upload_id=upload_id,
                tenant=row.tenant,
                verdict_id=row.verdict_id,
                action=Action(row.action),
                expected=expected,
                marked_by=by,
                marked_at=at,
            )
            await connection.execute(
                insert(connection, known_items)
                .values(known_row(item))
                .on_conflict_do_update(
                    index_elements=[known_items.c.upload_id], set_=known_row(item)
                )
            )
        return item

    async def forget(self, upload_id: str, tenants: TenantNames = None) -> None:
        async with writing(self._engine) as connection:
            await connection.execute(
                delete(known_items).where(
                    known_items.c.upload_id == upload_id, among(tenants, known_items.c.tenant)
                )
            )

    async def items(self, tenants: TenantNames = None) -> list[KnownItem]:
        query = (
            select(known_items)
            .where(among(tenants, known_items.c.tenant))
            .order_by(known_items.c.marked_at.desc(), known_items.c.upload_id)
        )
        async with reading(self._engine) as connection:
            return [read_known(row) for row in await connection.execute(query)]

    async def answers(
        self, since: datetime, until: datetime, tenants: TenantNames = None
    ) -> list[KnownAnswer]:
        query = (
            select(
                known_items,
                decisions.c.moderator.label("answered_by"),
                decisions.c.kind.label("answered"),
                decisions.c.made_at.label("answered_at"),
            )
            # An index tells decisions by upload, and none by verdict.
            .join(decisions, decisions.c.upload_id == known_items.c.upload_id)
            .where(
                decisions.c.verdict_id == known_items.c.verdict_id,
                among(tenants, known_items.c.tenant),
                decisions.c.made_at >= since,
                decisions.c.made_at < until,
                decisions.c.job_kind == JobKind.KNOWN_ITEM.value,
                *not_undone(),
            )
            .order_by(decisions.c.made_at, decisions.c.decision_id)
        )
        async with reading(self._engine) as connection:
            return [
                KnownAnswer(
                    moderator=row.answered_by,
                    item=read_known(row),
                    answered=DecisionKind(row.answered),
                    made_at=row.answered_at,
                )
                for row in await connection.execute(query)
            ]
