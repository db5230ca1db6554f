"""The looks' ports: the same bytes, look-alikes, and being forgotten, told to one tenant only."""

from __future__ import annotations

import random
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from sqlalchemy import delete, event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.errors import Inconsistent
from moderation.looks import Look
from storage.database import writing
from storage.ledger import SqlLedger
from storage.looks.bands import BANDS
from storage.looks.database import SqlLooks
from storage.looks.in_memory import InMemoryLooks, LookMemory
from storage.looks.ports import Alike
from storage.tables import uploads
from tests.contracts.conftest import open_emptied
from tests.contracts.plans import plan_of_words
from tests.contracts.words import NOON, an_upload

ONE, TWO = "1" * 64, "2" * 64
UPLOADS = [(f"u{number}", tenant) for tenant in ("acme", "other") for number in range(3)]
CHANCE = random.Random(4)


def a_look(seed: int = 0, quality: int = 100, at_seconds: float = 0.0) -> Look:
    pdq = f"{random.Random(seed).getrandbits(256):064x}"
    return Look(pdq=pdq, quality=quality, at_seconds=at_seconds)


def changed(look: Look, *bits: int) -> Look:
    flipped = int(look.pdq, 16) ^ sum(1 << bit for bit in bits)
    return Look(pdq=f"{flipped:064x}", quality=look.quality)


async def announced(engine: AsyncEngine) -> None:
    """Looks are kept of uploads that are in the ledger: ids are `TENANT-u0` and on."""
    ledger = SqlLedger(engine)
    for number, tenant in UPLOADS:
        upload = an_upload(f"{tenant}-{number}", tenant=tenant)
        await ledger.announce(upload, deadline_at=NOON)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    looks: SqlLooks | InMemoryLooks

    async def put(
        self, number: str, *looks: Look, tenant: str = "acme", sha256: str | None = None
    ) -> None:
        """An upload of these bytes, or of bytes that no other number has."""
        bytes_ = sha256 or number[-1] * 64
        await self.looks.add(f"{tenant}-{number}", tenant, bytes_, looks)

    async def alike(self, look: Look, *, tenant: str = "acme", limit: int = 10) -> list[str]:
        return [one.upload_id for one in await self.looks.alike(tenant, look, limit=limit)]


@pytest.fixture
async def shelf(place: str) -> AsyncIterator[Shelf]:
    if place == "memory":
        yield Shelf(looks=InMemoryLooks(LookMemory()))
        return
    engine = await open_emptied(place)
    await announced(engine)
    yield Shelf(looks=SqlLooks(engine))
    await engine.dispose()


async def test_uploads_of_the_same_bytes_are_found(shelf: Shelf) -> None:
    await shelf.put("u1", sha256=ONE)
    await shelf.put("u0", sha256=ONE)
    await shelf.put("u2", sha256=TWO)

    assert await shelf.looks.same_bytes("acme", ONE, limit=5) == ["acme-u0", "acme-u1"]
    assert await shelf.looks.same_bytes("acme", ONE, limit=1) == ["acme-u0"]
    assert await shelf.looks.same_bytes("acme", "3" * 64, limit=5) == []


async def test_no_tenant_learns_of_anothers_uploads(shelf: Shelf) -> None:
    await shelf.put("u0", a_look(), tenant="other", sha256=ONE)

    assert await shelf.looks.same_bytes("acme", ONE, limit=5) == []
    assert await shelf.alike(a_look()) == []
    assert await shelf.alike(a_look(), tenant="other") == ["other-u0"]


@pytest.mark.parametrize(
    "bits",
    [
        range(31),
        range(225, 256),
        # As evenly over the bands as 31 bits can be: one band differs in one bit, all others in two
        [16 * band + side for band in range(BANDS) for side in (3, 12)][1:],
        [16 * band + side for band in range(BANDS) for side in (0, 15)][:-1],
    ],
    ids=["in the last bands", "in the first bands", "spread", "spread otherwise"],
)
async def test_a_look_alike_is_found_wherever_its_31_bits_differ(
    shelf: Shelf, bits: list[int]
) -> None:
    await shelf.put("u0", changed(a_look(), *bits))

    assert await shelf.looks.alike("acme", a_look(), limit=5) == [
        Alike(upload_id="acme-u0", distance=31)
    ]


async def test_any_31_bits_are_found_and_no_32(shelf: Shelf) -> None:
    for _ in range(15):
        bits = CHANCE.sample(range(256), 32)
        await shelf.put("u0", changed(a_look(), *bits[:31]))
        await shelf.put("u1", changed(a_look(), *bits))
        assert await shelf.alike(a_look()) == ["acme-u0"]


async def test_the_closest_come_first_and_then_by_id(shelf: Shelf) -> None:
    await shelf.put("u2", changed(a_look(), 1))
    await shelf.put("u1", changed(a_look(), 1, 2))
    await shelf.put("u0", changed(a_look(), 3, 4))

    assert await shelf.alike(a_look()) == ["acme-u2", "acme-u0", "acme-u1"]
    assert await shelf.alike(a_look(), limit=2) == ["acme-u2", "acme-u0"]


async def test_an_upload_counts_once_with_its_closest_look(shelf: Shelf) -> None:
    await shelf.put("u0", changed(a_look(), 1, 2, 3), changed(a_look(), 1), a_look(seed=9))

    assert await shelf.looks.alike("acme", a_look(), limit=5) == [
        Alike(upload_id="acme-u0", distance=1)
    ]


@pytest.mark.parametrize(("quality", "found"), [(49, []), (50, ["acme-u0"])])
async def test_a_look_of_low_quality_is_neither_kept_nor_like_any(
    shelf: Shelf, quality: int, found: list[str]
) -> None:
    await shelf.put("u0", a_look(quality=quality))
    assert await shelf.alike(a_look()) == found
    assert len(await shelf.looks.looks_of("acme-u0")) == len(found)

    await shelf.put("u0", a_look())
    assert await shelf.alike(a_look(quality=quality)) == found


async def test_looks_come_back_as_they_were_kept(shelf: Shelf) -> None:
    kept = (a_look(1), a_look(2, 50, at_seconds=1.25), Look(pdq="f" * 64, quality=77))
    await shelf.put("u0", *kept)

    assert await shelf.looks.looks_of("acme-u0") == kept
    assert await shelf.looks.looks_of("acme-u1") == ()


async def test_what_is_told_again_takes_the_place_of_what_was_told(shelf: Shelf) -> None:
    await shelf.put("u0", a_look(1), a_look(2), sha256=ONE)
    await shelf.put("u0", a_look(2), sha256=TWO)

    assert await shelf.looks.looks_of("acme-u0") == (a_look(2),)
    assert await shelf.looks.same_bytes("acme", ONE, limit=5) == []
    assert await shelf.looks.same_bytes("acme", TWO, limit=5) == ["acme-u0"]


async def test_what_is_forgotten_is_found_no_more(shelf: Shelf) -> None:
    await shelf.put("u0", a_look(), sha256=ONE)
    await shelf.put("u1", a_look(), sha256=ONE)

    await shelf.looks.forget("acme-u0")
    await shelf.looks.forget("acme-u0")

    assert await shelf.alike(a_look()) == ["acme-u1"]
    assert await shelf.looks.same_bytes("acme", ONE, limit=5) == ["acme-u1"]
    assert await shelf.looks.looks_of("acme-u0") == ()


async def test_looks_go_with_their_upload(engine: AsyncEngine) -> None:
    await announced(engine)
    shelf = Shelf(looks=SqlLooks(engine))
    await shelf.put("u0", a_look(), sha256=ONE)
    async with writing(engine) as connection:
        await connection.execute(delete(uploads).where(uploads.c.upload_id == "acme-u0"))

    assert await shelf.alike(a_look()) == []
    assert await shelf.looks.same_bytes("acme", ONE, limit=5) == []


async def test_no_looks_are_kept_of_an_upload_that_the_ledger_does_not_know(
    engine: AsyncEngine,
) -> None:
    with pytest.raises(Inconsistent):
        await SqlLooks(engine).add("u9", "acme", ONE, [a_look()])


async def counted_and_vacuumed(engine: AsyncEngine) -> None:
    """As PostgreSQL does by itself, from time to time."""
    async with engine.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        words = "ANALYZE" if engine.dialect.name == "sqlite" else "VACUUM ANALYZE"
        await alone.execute(text(words))


@pytest.mark.parametrize("counted", ["acme", "other"])
async def test_every_band_is_asked_by_its_own_index_and_no_row_is_read_in_vain(
    engine: AsyncEngine, counted: str
) -> None:
    """Also of a tenant that came after the database had counted its rows: it may have many."""
    await announced(engine)
    looks = SqlLooks(engine)
    await looks.add(f"{counted}-u0", counted, ONE, [a_look(seed) for seed in range(2000)])
    asked = []

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def note(*said: object) -> None:
        asked.append((said[2], said[3]))  # the statement, and its parameters

    await looks.alike("acme", a_look(), limit=5)
    statement, parameters = asked[-1]
    await counted_and_vacuumed(engine)
    plan = await plan_of_words(engine, statement, parameters)

    for number in range(BANDS):
        both = rf"ix_looks_by_band_{number}\b.{{0,200}}?band_{number}\b.{{0,200}}?tenant"
        assert re.search(both, plan, re.DOTALL)
    assert not re.search("SCAN looks|Seq Scan", plan)
    covering = (
        "USING COVERING INDEX" if engine.dialect.name == "sqlite" else "Index Only Scan using"
    )
    assert plan.count(f"{covering} ix_looks_by_band") == BANDS


async def test_uploads_of_the_same_bytes_share_the_looks_of_the_first(shelf: Shelf) -> None:
    await shelf.put("u0", a_look(), sha256=ONE)
    await shelf.put("u1", sha256=ONE)
    await shelf.put("u2", a_look(5), sha256=ONE)

    assert await shelf.looks.looks_of("acme-u1") == (a_look(),)
    assert await shelf.alike(a_look()) == ["acme-u0", "acme-u1", "acme-u2"]
    assert await shelf.alike(a_look(5)) == []


async def test_looks_that_are_learned_later_are_those_of_every_upload_of_the_bytes(
    shelf: Shelf,
) -> None:
    await shelf.put("u0", sha256=ONE)
    await shelf.put("u1", a_look(), sha256=ONE)

    assert await shelf.alike(a_look()) == ["acme-u0", "acme-u1"]
    assert await shelf.looks.looks_of("acme-u0") == (a_look(),)


async def test_another_tenants_looks_of_the_same_bytes_are_not_shared(shelf: Shelf) -> None:
    await shelf.put("u0", a_look(), tenant="other", sha256=ONE)
    await shelf.put("u0", sha256=ONE)

    assert await shelf.looks.looks_of("acme-u0") == ()


async def test_shared_looks_stay_with_who_is_not_forgotten(shelf: Shelf) -> None:
    for number in ("u0", "u1", "u2"):
        await shelf.put(number, a_look(), sha256=ONE)
    await shelf.looks.forget("acme-u0")
    await shelf.looks.forget("acme-u2")

    assert await shelf.looks.looks_of("acme-u1") == (a_look(),)
    assert await shelf.alike(a_look()) == ["acme-u1"]
    await shelf.looks.forget("acme-u1")
    assert await shelf.alike(a_look()) == []
