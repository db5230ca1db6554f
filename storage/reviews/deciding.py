"""Takes decisions in SQLite or PostgreSQL.

Rows are locked in one order everywhere, so that transactions wait for each other and never in
a circle: upload, job, unsettled decision, chain.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from moderation.deciding import decide, decided, reopened, undo
from moderation.decisions import Decision, Link, Ruling
from moderation.errors import TokenReused, UndoTooLate, UnknownReview
from moderation.reasons import PolicyReason
from moderation.review import ReviewPlan
from storage.database import now_utc, reading, writing
from storage.reviews.chain import append
from storage.reviews.rows import locked_job, read_decision, read_link, write_jobs
from storage.reviews.tables import decision_notes, decisions, unsettled_decisions
from storage.rows import insert


class SqlDecisions:
    """Implements `storage.reviews.ports.Decisions`."""

    def __init__(
        self,
        engine: AsyncEngine,
        reasons: Mapping[str, PolicyReason],
        *,
        plan: ReviewPlan | None = None,
        clock: Callable[[], datetime] = now_utc,
    ) -> None:
        self._engine = engine
        self._reasons = reasons
        self._plan = plan or ReviewPlan()
        self._clock = clock

    async def decide(self, job_id: str, moderator: str, ruling: Ruling) -> Link:
        salt = secrets.token_hex(16)
        async with writing(self._engine) as connection:
            job = await locked_job(connection, job_id)
            before = await _by_token(connection, moderator, ruling.token)
            if before is not None:
                return same(before, job_id=job_id, kind=ruling.kind)
            decision = decide(
                job,
                ruling,
                moderator=moderator,
                now=self._clock(),
                plan=self._plan,
                reasons=self._reasons,
                salt=salt,
            )
            await write_jobs(connection, decided(job, decision))
            await connection.execute(
                insert(connection, unsettled_decisions).values(
                    decision_id=decision.decision_id, effective_at=decision.effective_at
                )
            )
            if ruling.note:
                note = {"decision_id": decision.decision_id, "salt": salt, "note": ruling.note}
                await connection.execute(insert(connection, decision_notes).values(note))
            return await append(connection, decision)  # last: others wait for the chain's end

    async def undo(
        self, decision_id: str, moderator: str, *, token: str, reason: str = "", lead: bool = False
    ) -> Link:
        decision = await self._decision(decision_id)
        async with writing(self._engine) as connection:
            job = await locked_job(connection, decision.job_id)
            before = await _by_token(connection, moderator, token)
            if before is not None:
                return same(before, cancels=decision_id)
            undone = undo(
                decision,
                moderator=moderator,
                lead=lead,
                token=token,
                reason=reason,
                now=self._clock(),
            )
            taken = await connection.execute(
                delete(unsettled_decisions).where(unsettled_decisions.c.decision_id == decision_id)
            )
            if not taken.rowcount:
                raise UndoTooLate
            await write_jobs(connection, reopened(job, decision, undone, self._plan))
            return await append(connection, undone)

    async def _decision(self, decision_id: str) -> Decision:
        """Decisions never change, so it need not be read under the lock."""
        async with reading(self._engine) as connection:
            found = await connection.execute(
                select(decisions).where(decisions.c.decision_id == decision_id)
            )
            row = found.one_or_none()
        if row is None:
            raise UnknownReview(f"no decision {decision_id}")
        return read_decision(row)


def same(one: Link, **asked: str) -> Link:
    """The decision that a token stands for, if it is the one that is asked for again.

    Raises:
        TokenReused: it is another one.
    """
    if any(getattr(one.decision, name) != value for name, value in asked.items()):
        raise TokenReused
    return one


async def _by_token(connection: AsyncConnection, moderator: str, token: str) -> Link | None:
    found = await connection.execute(
        select(decisions).where(decisions.c.moderator == moderator, decisions.c.token == token)
    )
    row = found.one_or_none()
    return None if row is None else read_link(row)
