"""What is promised of dead letters, over memory, SQLite and PostgreSQL alike."""

from __future__ import annotations

import asyncio

import pytest

from storage.ports import DeadLetterFilter, KeptDeadLetter
from tests.contracts.words import NOON, SECOND, Store, a_letter, a_message

WAITING = DeadLetterFilter()
ALL = DeadLetterFilter(waiting_only=False)


async def keep_and_find(store: Store, which: DeadLetterFilter) -> list[int]:
    """Keep three letters, a second apart, and return the offsets of those found."""
    for offset, seconds, reason in ((1, 2, "A"), (2, 1, "B"), (3, 0, "A")):
        letter = a_letter(offset, failed_at=NOON + seconds * SECOND, reason=reason)
        await store.dead_letters.keep(letter)
    return [kept.letter.origin_offset for kept in await store.dead_letters.find(which, limit=10)]


async def only(store: Store) -> KeptDeadLetter:
    [kept] = await store.dead_letters.find(ALL, limit=2)
    return kept


async def test_a_letter_keeps_its_bytes(store: Store) -> None:
    assert await store.dead_letters.keep(a_letter())

    kept = await only(store)

    assert kept.letter == a_letter()
    assert kept.redriven_at is None


async def test_a_letter_without_key_or_value_is_not_one_with_empty_ones(store: Store) -> None:
    await store.dead_letters.keep(a_letter(key=None, value=b""))

    letter = (await only(store)).letter

    assert letter.key is None
    assert letter.value == b""


async def test_an_origin_that_waits_is_kept_once(store: Store) -> None:
    await store.dead_letters.keep(a_letter())

    assert not await store.dead_letters.keep(a_letter(detail="again", attempts=2))
    assert (await only(store)).letter == a_letter()


async def test_of_equal_origins_at_once_one_is_kept(store: Store) -> None:
    kept = await asyncio.gather(*(store.dead_letters.keep(a_letter()) for _ in range(6)))

    assert sorted(kept) == [False] * 5 + [True]


@pytest.mark.parametrize("other", [{"origin_topic": "scores"}, {"origin_partition": 3}])
async def test_equal_offsets_elsewhere_are_other_letters(
    store: Store, other: dict[str, object]
) -> None:
    await store.dead_letters.keep(a_letter())

    assert await store.dead_letters.keep(a_letter(**other))


async def test_a_redriven_letter_that_fails_again_waits_again_as_it_is_now(store: Store) -> None:
    await store.dead_letters.keep(a_letter())
    first = await only(store)
    await store.dead_letters.redrive(first.dead_letter_id, now=NOON, publish=a_message())

    assert await store.dead_letters.keep(a_letter(detail="again", attempts=2))

    kept = await only(store)
    assert kept.letter == a_letter(detail="again", attempts=2)
    assert kept.redriven_at is None


async def test_words_that_are_longer_than_their_columns_are_cut_and_the_letter_is_kept(
    store: Store,
) -> None:
    assert await store.dead_letters.keep(a_letter(reason="r" * 129, fault="f" * 65))

    kept = await only(store)
    assert (kept.letter.reason, kept.letter.fault) == ("r" * 128, "f" * 64)


async def test_the_oldest_failure_comes_first(store: Store) -> None:
    assert await keep_and_find(store, WAITING) == [3, 2, 1]
    assert len(await store.dead_letters.find(WAITING, limit=2)) == 2


@pytest.mark.parametrize(
    ("which", "offsets"),
    [
        (DeadLetterFilter(reason="A"), [3, 1]),
        (DeadLetterFilter(since=NOON + SECOND), [2, 1]),
        (DeadLetterFilter(until=NOON + SECOND), [3]),
        (DeadLetterFilter(since=NOON + SECOND, until=NOON + 2 * SECOND), [2]),
        (DeadLetterFilter(reason="A", until=NOON + SECOND), [3]),
        (DeadLetterFilter(ids=(4711,)), []),
    ],
)
async def test_a_filter_narrows_by_everything_it_names(
    store: Store, which: DeadLetterFilter, offsets: list[int]
) -> None:
    assert await keep_and_find(store, which) == offsets


async def test_a_letter_is_found_by_its_number(store: Store) -> None:
    await keep_and_find(store, WAITING)
    wanted = (await store.dead_letters.find(WAITING, limit=3))[1]

    found = await store.dead_letters.find(DeadLetterFilter(ids=(wanted.dead_letter_id,)), limit=10)

    assert found == [wanted]


async def test_redriving_marks_the_letter_and_publishes_once(store: Store) -> None:
    await store.dead_letters.keep(a_letter())
    number = (await only(store)).dead_letter_id

    assert await store.dead_letters.redrive(number, now=NOON + SECOND, publish=a_message())
    assert not await store.dead_letters.redrive(number, now=NOON, publish=a_message("again"))

    assert (await only(store)).redriven_at == NOON + SECOND
    assert await store.dead_letters.find(WAITING, limit=2) == []
    [published] = await store.outbox.pending(limit=2)
    assert published.message == a_message()


async def test_a_letter_that_does_not_exist_is_not_redriven(store: Store) -> None:
    assert not await store.dead_letters.redrive(4711, now=NOON, publish=a_message())
    assert await store.outbox.backlog() == (0, None)
