"""Packs are named by bytes: an upload that is on its way may need those of one that is erased."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.erasure import ErasureState
from moderation.people import ALL_TENANTS
from moderation.verdict import Match, MatchKind
from storage.database import reading, writing
from storage.erasure.ports import Target
from storage.looks.database import SqlLooks, remember_media
from tests.contracts.erasure.house import SETTLE, SHA256, House, media
from tests.contracts.words import NOON, SECOND, a_verdict, an_upload

PACK = f"packs/acme/{SHA256}/crops-1.zip"
MINUTE = timedelta(minutes=1)


async def extract_again(house: House) -> None:
    """Another upload of the same bytes is cropped, and not scored yet."""
    house.desk.clock.now += MINUTE
    await house.store.put(PACK, b"crops")


async def state(house: House) -> ErasureState:
    (one,) = await house.erasures.erasures(ALL_TENANTS, limit=9)
    return one.state


async def test_packs_that_an_upload_on_its_way_wrote_are_there_when_it_ends(house: House) -> None:
    await house.keep("u1")
    await extract_again(house)

    await house.ask("u1")
    await house.eraser().once()
    assert PACK in house.store.objects
    assert "media/acme/u1/0f" not in house.store.objects

    await house.keep("u2")
    house.desk.clock.now += SETTLE
    await house.end()
    assert PACK in house.store.objects
    assert await state(house) is ErasureState.DONE


async def test_packs_that_nobody_came_to_need_go_before_the_proof_is_written(house: House) -> None:
    await house.keep("u1")
    await extract_again(house)
    await house.ask("u1")
    await house.eraser().once()

    house.desk.clock.now += SETTLE
    done = await house.end()

    assert house.store.objects == {}
    assert done.state is ErasureState.DONE
    assert done.removed["objects"] == 3


@pytest.mark.parametrize(
    ("age", "left"), [(SETTLE, set()), (SETTLE - SECOND, {PACK})], ids=["long ago", "just now"]
)
async def test_no_proof_is_written_while_an_upload_on_its_way_may_need_the_packs(
    house: House, age: timedelta, left: set[str]
) -> None:
    await house.keep("u1")
    await house.ask("u1")
    await house.eraser().once()
    house.desk.clock.now += SETTLE - age
    await house.store.put(PACK, b"crops")
    house.desk.clock.now += age

    await house.eraser().once()
    await house.relay()

    assert house.store.objects.keys() == left
    house.desk.clock.now += SETTLE
    await house.eraser().once()
    await house.relay()
    await house.eraser().once()
    assert house.store.objects == {}
    assert await state(house) is ErasureState.DONE


async def test_packs_of_an_upload_that_ended_a_moment_ago_go_at_once(house: House) -> None:
    await house.keep("u1")
    house.desk.clock.now += SECOND
    await house.ask("u1")

    await house.eraser().once()

    assert house.store.objects == {}


async def waited_for(engine: AsyncEngine) -> None:
    """Until somebody waits for a lock of PostgreSQL; of SQLite all wait who write."""
    while engine.dialect.name == "postgresql":
        async with reading(engine) as connection:
            waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if await connection.scalar(waits):
                return


async def test_an_upload_that_takes_a_verdict_over_while_its_upload_is_erased_has_packs_and_looks(
    house: House,
) -> None:
    await house.keep("u1")
    await house.desk.ledger.announce(an_upload("u2"), deadline_at=NOON)
    match = Match(kind=MatchKind.VERDICT, verdict_id="u1-strict")
    verdict = a_verdict("u2", media=media(), face_pack=PACK, matched=(match,))
    await house.ask("u1")
    async with writing(house.engine) as connection:
        await remember_media(connection, [(verdict, ())])
        erasing = asyncio.create_task(house.eraser().once())
        await waited_for(house.engine)
    await erasing

    assert PACK in house.store.objects
    assert len(await SqlLooks(house.engine).looks_of("u2")) == 1


async def test_packs_stay_until_the_last_of_all_that_are_to_be_erased_is(house: House) -> None:
    for upload_id in ("u1", "u2"):
        await house.keep(upload_id)
    one, two = await house.ask("u1"), await house.ask("u2")

    first = await house.work.remove_rows(one, Target(upload_id="u1", tenant="acme"), publish=[])
    second = await house.work.remove_rows(two, Target(upload_id="u2", tenant="acme"), publish=[])

    assert first.places == ("media/acme/u1/",)
    assert second.places == ("media/acme/u2/", f"packs/acme/{SHA256}/")
