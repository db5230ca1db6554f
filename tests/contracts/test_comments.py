"""What comments promise, over memory, SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.comments import Comment
from moderation.errors import ModerationError, UnknownUpload
from moderation.people import ALL_TENANTS, Tenants
from storage.comments.database import SqlComments
from storage.comments.in_memory import InMemoryComments
from storage.comments.ports import Comments
from storage.comments.tables import comments
from storage.database import writing
from storage.in_memory import InMemoryLedger, Memory
from storage.ledger import SqlLedger
from storage.ports import Ledger
from storage.tables import uploads
from tests.contracts.conftest import open_emptied
from tests.contracts.words import NOON, an_upload

ACME, OTHER = Tenants.named("acme"), Tenants.named("other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    ledger: Ledger
    comments: Comments


@pytest.fixture
async def kept(place: str) -> AsyncIterator[Kept]:
    if place == "memory":
        memory = Memory()
        yield Kept(ledger=InMemoryLedger(memory), comments=InMemoryComments(memory))
        return
    engine = await open_emptied(place)
    yield Kept(ledger=SqlLedger(engine), comments=SqlComments(engine))
    await engine.dispose()


def a_comment(number: int = 1, **changes: object) -> Comment:
    comment = Comment(
        comment_id=f"{number:032x}",
        tenant="acme",
        upload_id="u1",
        author="id-ann",
        text="the <left> ear\nis odd \U0001f642",
        made_at=NOON + timedelta(seconds=number),
    )
    return replace(comment, **changes)


async def test_comments_come_back_in_their_order(kept: Kept) -> None:
    await kept.ledger.announce(an_upload(), deadline_at=NOON)
    made = [a_comment(2), a_comment(1, author="id-bob"), a_comment(3)]
    for comment in made:
        assert await kept.comments.add(comment)

    assert await kept.comments.of_upload("u1", ACME, limit=3) == made
    assert await kept.comments.of_upload("u1", ALL_TENANTS, limit=2) == made[1:]


async def test_a_comment_that_is_handed_in_twice_is_one(kept: Kept) -> None:
    await kept.ledger.announce(an_upload(), deadline_at=NOON)
    await kept.comments.add(a_comment())

    assert not await kept.comments.add(a_comment(text="something else"))
    assert await kept.comments.of_upload("u1", ACME, limit=9) == [a_comment()]


async def test_comments_of_another_tenant_are_not_there(kept: Kept) -> None:
    await kept.ledger.announce(an_upload(), deadline_at=NOON)
    await kept.comments.add(a_comment())

    assert await kept.comments.of_upload("u1", OTHER, limit=9) == []
    with pytest.raises(UnknownUpload):
        await kept.comments.add(a_comment(2, tenant="other"))


async def test_nobody_comments_on_what_is_not_there(kept: Kept) -> None:
    with pytest.raises(UnknownUpload):
        await kept.comments.add(a_comment())


async def test_the_database_itself_refuses_to_change_a_comment(engine: AsyncEngine) -> None:
    await SqlLedger(engine).announce(an_upload(), deadline_at=NOON)
    await SqlComments(engine).add(a_comment())

    with pytest.raises(ModerationError, match="not rewritten"):
        async with writing(engine) as connection:
            await connection.execute(update(comments).values(text="I never said so"))


async def test_comments_go_with_their_upload(engine: AsyncEngine) -> None:
    await SqlLedger(engine).announce(an_upload(), deadline_at=NOON)
    await SqlComments(engine).add(a_comment())
    async with writing(engine) as connection:
        await connection.execute(delete(uploads))

    assert await SqlComments(engine).of_upload("u1", ALL_TENANTS, limit=9) == []
