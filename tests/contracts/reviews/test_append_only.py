"""What the databases refuse, whatever the code above them does, and that tampering is noticed."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import ColumnElement, Delete, Update, delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.decisions import first_break
from moderation.errors import Inconsistent
from moderation.review import JobKind
from storage.database import reading, writing
from storage.reviews.queue import oldest
from storage.reviews.records import skips_query
from storage.reviews.tables import decisions, review_jobs, standing_decisions
from storage.tables import uploads, verdicts
from tests.contracts.conftest import open_emptied
from tests.contracts.plans import plan_of
from tests.contracts.reviews.desk import Desk, sql_desk
from tests.contracts.words import NOON, SECOND


@pytest.fixture
def desk(engine: AsyncEngine) -> Desk:
    return sql_desk(engine)


async def decide_three(desk: Desk) -> None:
    for number in range(3):
        await desk.flag(f"u{number}")
        await desk.take_and_decide()


@pytest.mark.parametrize(
    "statement",
    [update(decisions).values(reason="other"), delete(decisions)],
    ids=["update", "delete"],
)
async def test_a_decision_is_never_changed_or_removed(
    engine: AsyncEngine, desk: Desk, statement: Update | Delete
) -> None:
    await decide_three(desk)

    with pytest.raises(Inconsistent, match="append-only"):
        async with writing(engine) as connection:
            await connection.execute(statement)

    assert first_break(await desk.audit.links("acme", after=0, limit=10)) is None


@pytest.mark.parametrize(
    ("which", "index"),
    [
        ([], "ix_review_jobs_open"),
        ([review_jobs.c.queue == "strict"], "ix_review_jobs_open_by_queue"),
    ],
    ids=["of all queues", "of one queue"],
)
async def test_the_next_job_is_found_by_an_index_and_nothing_is_sorted(
    engine: AsyncEngine, which: list[ColumnElement[bool]], index: str
) -> None:
    plan = await plan_of(engine, oldest(*which))

    assert re.search(rf"{index}\b", plan)
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


async def test_skips_of_some_days_are_found_by_an_index(engine: AsyncEngine) -> None:
    plan = await plan_of(engine, skips_query(NOON, NOON + SECOND, None).limit(9))

    assert "ix_review_skips_by_time" in plan
    assert not re.search(r"(Seq Scan on|SCAN) review_skips(?! USING)", plan)


async def test_decisions_are_never_emptied(postgresql_url: str) -> None:
    engine = await open_emptied(postgresql_url)
    await decide_three(sql_desk(engine))

    with pytest.raises(Inconsistent, match="append-only"):
        async with writing(engine) as connection:
            await connection.execute(text("TRUNCATE decisions"))
    await engine.dispose()


@pytest.mark.parametrize(
    ("broken", "sequence"),
    [
        ("UPDATE decisions SET moderator = 'eve' WHERE sequence = 2", 2),
        ("UPDATE decisions SET made_at = effective_at WHERE sequence = 1", 1),
        ("DELETE FROM decisions WHERE sequence = 2", 2),
        ("UPDATE decisions SET previous = digest WHERE sequence = 3", 3),
    ],
)
async def test_whoever_gets_around_the_trigger_breaks_the_chain(
    engine: AsyncEngine, desk: Desk, broken: str, sequence: int
) -> None:
    await decide_three(desk)
    async with writing(engine) as connection:
        if engine.dialect.name == "sqlite":
            await connection.execute(text("DROP TRIGGER decisions_refuse_update"))
            await connection.execute(text("DROP TRIGGER decisions_refuse_delete"))
        else:
            await connection.execute(text("SET LOCAL session_replication_role = replica"))
        await connection.execute(text(broken))

    found = first_break(await desk.audit.links("acme", after=0, limit=10))

    assert found is not None
    assert found.sequence == sequence


async def test_erasing_an_upload_leaves_the_proof_and_nothing_else(
    engine: AsyncEngine, desk: Desk
) -> None:
    await desk.flag()
    job = await desk.take()
    await desk.decisions.decide(job.job_id, "ann", desk.ruling(job, note="he is my neighbour"))
    await desk.settle_all()
    await desk.appeals.appeal("u1", "that is me")

    async with writing(engine) as connection:
        await connection.execute(text("DELETE FROM decision_notes"))
        await connection.execute(delete(verdicts).where(verdicts.c.upload_id == "u1"))
        await connection.execute(delete(uploads).where(uploads.c.upload_id == "u1"))

    async with reading(engine) as connection:
        for table in (review_jobs, standing_decisions):
            assert (await connection.execute(select(table))).all() == []
    history = await desk.records.history("u1")
    assert [kept.note for kept in history.decisions] == [None]
    assert first_break(kept.link for kept in history.decisions) is None


async def test_a_decision_on_an_upload_that_was_erased_settles_without_it(
    engine: AsyncEngine, desk: Desk
) -> None:
    await desk.flag()
    one = await desk.take_and_decide()
    async with writing(engine) as connection:
        await connection.execute(delete(verdicts))
        await connection.execute(delete(uploads))

    (due,) = await desk.settlement.due(one.decision.effective_at, limit=10)

    assert due.job is None
    assert await desk.settlement.settle(one.decision, publish=[], opens=[])


@pytest.mark.parametrize(
    "broken",
    [
        {"locked_by": "ann"},
        {"state": "decided"},
        {"decision_id": "d1"},
        {"state": "closed"},
        {"upload_id": "never-announced"},
        {"verdict_id": "no-such-verdict"},
    ],
    ids=lambda broken: next(iter(broken)),
)
async def test_a_job_that_contradicts_itself_is_refused(
    engine: AsyncEngine, desk: Desk, broken: dict[str, str]
) -> None:
    await desk.flag()

    with pytest.raises(Inconsistent):
        async with writing(engine) as connection:
            await connection.execute(update(review_jobs).values(broken))
    assert (await desk.take()).kind is JobKind.FLAGGED
