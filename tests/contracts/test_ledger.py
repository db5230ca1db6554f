"""What the ledger promises, over memory, SQLite and PostgreSQL alike."""

from __future__ import annotations

import asyncio
from datetime import timedelta, timezone

import pytest

from moderation.errors import Superseded, UnknownUpload
from moderation.verdict import Action, Label, Rejection, Verdict
from tests.builders import FULLEST
from tests.contracts.words import NOON, SECOND, Store, a_lineage, a_message, a_verdict, an_upload

LATER = NOON + 60 * SECOND


async def test_an_announced_upload_is_as_it_was_sent_and_has_no_verdict(store: Store) -> None:
    assert await store.ledger.announce(an_upload(), deadline_at=LATER)

    status = await store.ledger.status("u1")

    assert status.upload == an_upload()
    assert status.announcements == 1
    assert status.deadline_at == LATER
    assert status.verdict is None


async def test_a_second_announcement_writes_nothing(store: Store) -> None:
    await store.ledger.announce(an_upload(), deadline_at=LATER)

    again = await store.ledger.announce(
        an_upload(tenant="other"), deadline_at=NOON, publish=[a_message()]
    )

    assert not again
    assert (await store.ledger.status("u1")).deadline_at == LATER
    assert (await store.ledger.status("u1")).upload.tenant == "acme"
    assert await store.outbox.backlog() == (0, None)


async def test_an_upload_nobody_announced_is_unknown(store: Store) -> None:
    with pytest.raises(UnknownUpload, match="u1"):
        await store.ledger.status("u1")


async def test_a_verdict_comes_back_as_it_was_recorded(store: Store) -> None:
    await store.ledger.announce(an_upload(), deadline_at=LATER)

    assert await store.ledger.conclude(an_upload(), a_verdict(), publish=[a_message()])

    assert (await store.ledger.status("u1")).verdict == a_verdict()


async def test_what_a_media_says_of_its_origin_stays_with_its_verdict(store: Store) -> None:
    verdict = a_verdict(provenance=FULLEST, action_because=("a_condition",))

    await store.ledger.conclude(an_upload(), verdict, publish=())

    assert (await store.ledger.status("u1")).verdict == verdict


async def test_a_rejection_is_an_end_like_any_other(store: Store) -> None:
    rejected = a_verdict(
        label=Label.REJECTED,
        action=Action.WITHHOLD,
        fake_probability=None,
        tracks=(),
        rejection=Rejection(reason="unreadable", detail="nothing of it decodes \0 \U0001f600"),
    )

    await store.ledger.conclude(an_upload(), rejected, publish=[])

    assert (await store.ledger.status("u1")).verdict == rejected


async def test_a_file_name_may_hold_any_character(store: Store) -> None:
    odd = an_upload(file_name="a\0b\u202e\U0001f600.mp4")

    await store.ledger.announce(odd, deadline_at=LATER)

    assert (await store.ledger.status("u1")).upload == odd


async def test_moments_are_equal_whatever_zone_they_were_given_in(store: Store) -> None:
    tokyo = timezone(timedelta(hours=9))

    await store.ledger.announce(an_upload(), deadline_at=LATER.astimezone(tokyo))

    assert (await store.ledger.status("u1")).deadline_at == LATER
    assert (await store.ledger.status("u1")).deadline_at.utcoffset() == timedelta()


async def test_the_messages_leave_in_the_transaction_of_the_row(store: Store) -> None:
    await store.ledger.announce(an_upload(), deadline_at=LATER, publish=[a_message("first")])
    await store.ledger.conclude(an_upload(), a_verdict(), publish=[a_message("second")])

    pending = await store.outbox.pending(limit=10)

    assert [waiting.message for waiting in pending] == [a_message("first"), a_message("second")]


async def test_a_verdict_may_reach_the_ledger_before_the_announcement(store: Store) -> None:
    assert await store.ledger.conclude(an_upload(), a_verdict(), publish=[])
    assert not await store.ledger.announce(an_upload(), deadline_at=LATER)

    status = await store.ledger.status("u1")

    assert status.verdict == a_verdict()
    assert status.announcements == 1


async def test_a_verdict_of_equal_lineage_is_recorded_once(store: Store) -> None:
    await store.ledger.conclude(an_upload(), a_verdict(), publish=[a_message()])

    again = await store.ledger.conclude(
        an_upload(),
        a_verdict(verdict_id="another", fake_probability=0.1),
        publish=[a_message("again")],
    )

    assert not again
    assert (await store.ledger.status("u1")).verdict == a_verdict()
    assert (await store.outbox.backlog())[0] == 1


async def test_equal_lineages_of_two_uploads_are_two_verdicts(store: Store) -> None:
    assert await store.ledger.conclude(an_upload("u1"), a_verdict("u1"), publish=[])
    assert await store.ledger.conclude(an_upload("u2"), a_verdict("u2"), publish=[])


async def test_a_verdict_recorded_long_ago_is_not_recorded_again_under_a_newer_one(
    store: Store,
) -> None:
    await store.ledger.conclude(an_upload(), a_verdict(), publish=[])
    newer = a_verdict(policy="mild", supersedes="u1-strict")
    await store.ledger.conclude(an_upload(), newer, publish=[])

    replayed = a_verdict(verdict_id="replayed", supersedes="u1-mild")

    assert not await store.ledger.conclude(an_upload(), replayed, publish=[])
    assert (await store.ledger.status("u1")).verdict == newer


async def test_a_newer_verdict_supersedes_the_current_one(store: Store) -> None:
    await store.ledger.conclude(an_upload(), a_verdict(), publish=[])
    newer = a_verdict(policy="mild", supersedes="u1-strict")

    assert await store.ledger.conclude(an_upload(), newer, publish=[])

    assert (await store.ledger.status("u1")).verdict == newer


@pytest.mark.parametrize("believed", [None, "u1-forgotten"])
async def test_a_verdict_that_supersedes_another_than_the_current_is_refused(
    store: Store, believed: str | None
) -> None:
    await store.ledger.conclude(an_upload(), a_verdict(), publish=[])

    with pytest.raises(Superseded):
        await store.ledger.conclude(
            an_upload(), a_verdict(policy="mild", supersedes=believed), publish=[a_message()]
        )

    assert (await store.ledger.status("u1")).verdict == a_verdict()
    assert (await store.outbox.backlog())[0] == 0


async def test_a_verdict_that_supersedes_where_there_is_none_leaves_no_row(store: Store) -> None:
    with pytest.raises(Superseded):
        await store.ledger.conclude(an_upload(), a_verdict(supersedes="gone"), publish=[])

    with pytest.raises(UnknownUpload):
        await store.ledger.status("u1")


async def test_of_equal_verdicts_at_once_one_is_recorded(store: Store) -> None:
    recorded = await asyncio.gather(
        *(
            store.ledger.conclude(
                an_upload(), a_verdict(verdict_id=f"v{n}"), publish=[a_message(f"v{n}")]
            )
            for n in range(8)
        )
    )

    current = (await store.ledger.status("u1")).verdict
    pending = await store.outbox.pending(limit=10)
    assert sorted(recorded) == [False] * 7 + [True]
    assert current is not None
    assert [waiting.message.key for waiting in pending] == [current.verdict_id]


async def test_of_different_verdicts_at_once_every_one_has_its_place_in_one_chain(
    store: Store,
) -> None:
    policies = [f"p{n}" for n in range(8)]

    chains = await asyncio.gather(*(_conclude_by_reading_again(store, name) for name in policies))

    followed = {verdict.supersedes: verdict.verdict_id for verdict in chains}
    chain, at = [], followed.get(None)
    while at is not None:
        chain.append(at)
        at = followed.get(at)
    current = (await store.ledger.status("u1")).verdict
    assert sorted(chain) == [f"u1-{name}" for name in policies]
    assert current is not None
    assert current.verdict_id == chain[-1]
    assert current.lineage == a_lineage(chain[-1].removeprefix("u1-"))


async def test_verdicts_of_many_uploads_at_once_are_all_written_with_their_messages(
    store: Store,
) -> None:
    ids = [f"u{n:02}" for n in range(40)]

    recorded = await asyncio.gather(
        *(
            store.ledger.conclude(an_upload(one), a_verdict(one), publish=[a_message(one)])
            for one in ids
        )
    )

    pending = await store.outbox.pending(limit=100)
    assert all(recorded)
    assert [(await store.ledger.status(one)).verdict for one in ids] == [
        a_verdict(one) for one in ids
    ]
    assert sorted(waiting.message.key for waiting in pending) == ids


async def test_a_verdict_that_is_refused_is_refused_alone(store: Store) -> None:
    ids = [f"u{n}" for n in range(8)]
    wrong = {"u3": "gone", "u6": "gone"}

    recorded = await asyncio.gather(
        *(
            store.ledger.conclude(
                an_upload(one),
                a_verdict(one, supersedes=wrong.get(one)),
                publish=[a_message(one)],
            )
            for one in ids
        ),
        return_exceptions=True,
    )

    refused = [one for one, said in zip(ids, recorded, strict=True) if said is not True]
    pending = await store.outbox.pending(limit=10)
    assert refused == list(wrong)
    assert all(isinstance(said, Superseded) for said in recorded if said is not True)
    assert sorted(waiting.message.key for waiting in pending) == [
        one for one in ids if one not in wrong
    ]


async def test_of_announcements_at_once_one_is_written(store: Store) -> None:
    written = await asyncio.gather(
        *(
            store.ledger.announce(an_upload(), deadline_at=LATER, publish=[a_message()])
            for _ in range(8)
        )
    )

    assert sorted(written) == [False] * 7 + [True]
    assert (await store.outbox.backlog())[0] == 1


async def _conclude_by_reading_again(store: Store, policy: str) -> Verdict:
    while True:
        try:
            current = (await store.ledger.status("u1")).verdict
        except UnknownUpload:
            current = None
        supersedes = current.verdict_id if current else None
        verdict = a_verdict(policy=policy, supersedes=supersedes)
        try:
            assert await store.ledger.conclude(an_upload(), verdict, publish=[])
        except Superseded:
            continue
        return verdict
