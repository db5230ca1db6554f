"""What a verdict tells of its media's bytes and looks is remembered with it, or not at all."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from moderation.errors import Superseded, UnknownUpload
from moderation.looks import Look
from moderation.verdict import Match, MatchKind
from tests.builders import FACTS
from tests.contracts.words import Store, a_verdict, an_upload

LOOK = Look(pdq="0f" * 32, quality=90)
OTHER = Look(pdq="35" * 32, quality=90)
SEEN = a_verdict(media=FACTS)
AGAIN = a_verdict(policy="lenient", media=FACTS, supersedes=SEEN.verdict_id)
FROM_SEEN = (Match(kind=MatchKind.VERDICT, verdict_id=SEEN.verdict_id),)
TAKEN_OVER = a_verdict("u2", media=FACTS, matched=FROM_SEEN)


async def test_a_verdict_brings_its_medias_bytes_and_looks(store: Store) -> None:
    await store.ledger.conclude(an_upload(), SEEN, publish=(), looks=[LOOK])

    assert await store.looks.same_bytes("acme", FACTS.sha256, limit=5) == ["u1"]
    assert await store.looks.looks_of("u1") == (LOOK,)


async def test_same_bytes_that_are_judged_at_once_share_their_looks(store: Store) -> None:
    ids = [f"u{n}" for n in range(6)]
    await asyncio.gather(
        *(
            store.ledger.conclude(
                an_upload(one), a_verdict(one, media=FACTS), publish=(), looks=[LOOK]
            )
            for one in ids
        )
    )

    assert await store.looks.same_bytes("acme", FACTS.sha256, limit=9) == ids
    assert [await store.looks.looks_of(one) for one in ids] == [(LOOK,)] * len(ids)


async def test_an_upload_that_is_decided_on_other_bytes_leaves_its_looks_to_who_shares_them(
    store: Store,
) -> None:
    await store.ledger.conclude(an_upload(), SEEN, publish=())
    changed = replace(AGAIN, media=replace(FACTS, sha256="ef" * 32))
    same = a_verdict("u0", media=FACTS)
    await asyncio.gather(
        store.ledger.conclude(an_upload("u3"), a_verdict("u3"), publish=()),
        store.ledger.conclude(an_upload("u0"), same, publish=(), looks=[LOOK]),
        store.ledger.conclude(an_upload(), changed, publish=(), looks=[OTHER]),
    )

    assert await store.looks.looks_of("u0") == (LOOK,)
    assert await store.looks.looks_of("u1") == (OTHER,)


async def test_media_that_was_not_read_is_not_remembered(store: Store) -> None:
    await store.ledger.conclude(an_upload(), a_verdict(media=None), publish=())

    assert await store.looks.same_bytes("acme", FACTS.sha256, limit=5) == []


async def test_what_a_refused_verdict_tells_is_not_remembered(store: Store) -> None:
    with pytest.raises(Superseded):
        await store.ledger.conclude(an_upload(), AGAIN, publish=(), looks=[LOOK])

    assert await store.looks.same_bytes("acme", FACTS.sha256, limit=5) == []


@pytest.mark.parametrize(("told", "kept"), [((), (LOOK,)), ((OTHER,), (OTHER,))])
async def test_a_verdict_that_tells_no_looks_leaves_those_that_are_known(
    store: Store, told: tuple[Look, ...], kept: tuple[Look, ...]
) -> None:
    await store.ledger.conclude(an_upload(), SEEN, publish=(), looks=[LOOK])
    await store.ledger.conclude(an_upload(), AGAIN, publish=(), looks=told)

    assert await store.looks.looks_of("u1") == kept


async def test_other_bytes_at_the_same_address_do_not_keep_the_looks_of_the_first(
    store: Store,
) -> None:
    await store.ledger.conclude(an_upload(), SEEN, publish=(), looks=[LOOK])
    changed = replace(AGAIN, media=replace(FACTS, sha256="ef" * 32))
    await store.ledger.conclude(an_upload(), changed, publish=())

    assert await store.looks.looks_of("u1") == ()
    assert await store.looks.same_bytes("acme", FACTS.sha256, limit=5) == []


async def test_a_verdict_is_taken_over_while_the_upload_that_it_is_from_is_there(
    store: Store,
) -> None:
    await store.ledger.conclude(an_upload(), SEEN, publish=(), looks=[LOOK])

    assert await store.ledger.conclude(an_upload("u2"), TAKEN_OVER, publish=())
    assert await store.looks.looks_of("u2") == (LOOK,)


@pytest.mark.parametrize("other", [None, {"tenant": "other"}, {"media": None}])
async def test_a_verdict_is_not_taken_over_from_an_upload_that_was_erased_meanwhile(
    store: Store, other: dict[str, object] | None
) -> None:
    await store.ledger.conclude(an_upload(), SEEN, publish=(), looks=[LOOK])
    await store.looks.forget("u1")
    if other is not None:
        another = replace(a_verdict("u3", media=FACTS), **other)
        await store.ledger.conclude(an_upload("u3", tenant=another.tenant), another, publish=())

    with pytest.raises(Superseded):
        await store.ledger.conclude(an_upload("u2"), TAKEN_OVER, publish=())

    with pytest.raises(UnknownUpload):
        await store.ledger.status("u2")
    assert await store.looks.same_bytes("acme", FACTS.sha256, limit=5) == []
