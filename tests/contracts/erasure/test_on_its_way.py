"""Packs are named by bytes: an upload that is on its way may need those of one that is erased."""

from __future__ import annotations

from datetime import timedelta

import pytest

from moderation.erasure import ErasureState
from moderation.people import ALL_TENANTS
from tests.contracts.erasure.house import SETTLE, SHA256, House
from tests.contracts.words import SECOND

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
