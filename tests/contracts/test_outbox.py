"""What the outbox promises, over memory, SQLite and PostgreSQL alike."""

from __future__ import annotations

from tests.contracts.words import NOON, SECOND, Store, a_message, an_upload


async def announce(store: Store, *keys: str) -> None:
    upload_id = "-".join(keys)
    messages = [a_message(key) for key in keys]
    await store.ledger.announce(an_upload(upload_id), deadline_at=NOON, publish=messages)


async def keys_pending(store: Store, limit: int = 10) -> list[str]:
    return [waiting.message.key for waiting in await store.outbox.pending(limit=limit)]


async def test_a_message_keeps_its_bytes_and_its_headers(store: Store) -> None:
    await announce(store, "a")

    [waiting] = await store.outbox.pending(limit=1)

    assert waiting.message == a_message("a")
    assert waiting.created_at == NOON


async def test_messages_wait_in_the_order_in_which_they_were_written(store: Store) -> None:
    await announce(store, "c", "a", "d")
    await announce(store, "b")

    assert await keys_pending(store) == ["c", "a", "d", "b"]
    assert await keys_pending(store, limit=2) == ["c", "a"]


async def test_what_is_discarded_waits_no_longer_and_the_rest_does(store: Store) -> None:
    await announce(store, "a", "b", "c")
    first, _, third = await store.outbox.pending(limit=3)

    await store.outbox.discard([first.outbox_id, third.outbox_id])

    assert await keys_pending(store) == ["b"]


async def test_discarding_nothing_or_the_unknown_changes_nothing(store: Store) -> None:
    await announce(store, "a")

    await store.outbox.discard([])
    await store.outbox.discard([4711])

    assert await keys_pending(store) == ["a"]


async def test_the_number_of_a_discarded_message_is_never_given_to_another(store: Store) -> None:
    await announce(store, "a")
    [first] = await store.outbox.pending(limit=1)
    await store.outbox.discard([first.outbox_id])
    await announce(store, "b")

    await store.outbox.discard([first.outbox_id])

    assert await keys_pending(store) == ["b"]


async def test_the_backlog_counts_and_says_since_when(store: Store) -> None:
    assert await store.outbox.backlog() == (0, None)

    await announce(store, "a")
    store.clock.now = NOON + SECOND
    await announce(store, "b")

    assert await store.outbox.backlog() == (2, NOON)
