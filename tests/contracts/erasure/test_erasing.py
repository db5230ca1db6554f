"""What erasing an upload promises, in SQLite and in PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from moderation.decisions import first_break
from moderation.erasure import ErasureScope, ErasureState
from moderation.errors import (
    UnknownUpload,
    UploadErased,
)
from moderation.people import ALL_TENANTS, Tenants
from storage.database import reading
from storage.dead_letters import SqlDeadLetters
from storage.erasure.tables import erasure_targets
from storage.looks.database import SqlLooks
from storage.reviews.tables import decisions
from storage.tables import outbox, uploads
from tests.contracts.erasure.house import SETTLE, SHA256, House, a_request, count
from tests.contracts.words import NOON, SECOND, a_letter, a_verdict, an_upload


async def test_rows_objects_and_topics_are_emptied_and_a_proof_remains(house: House) -> None:
    await house.keep()
    await house.use()

    done = await house.erase()

    assert house.store.objects == {}
    assert await count(house.engine, uploads) == 0
    assert (done.state, done.target, done.uploads) == (ErasureState.DONE, None, 1)
    assert done.asked_by == "admin-1"
    assert done.reference == "case-7"
    assert done.finished_at == NOON + house.desk.plan.grace + SETTLE
    assert done.removed["objects"] == 3
    assert {"uploads", "verdicts", "looks", "decisions", "dead_letters"} <= done.removed.keys()
    assert await count(house.engine, erasure_targets) == 0


async def test_each_pass_empties_the_compacted_topics(house: House) -> None:
    await house.keep()

    await house.erase()

    told = [(one.topic, one.key, one.value) for one in house.publisher.published]
    assert told == [("test.verdicts", "u1", b""), ("test.decisions", "u1", b"")] * 2


async def test_what_waited_to_be_told_of_it_is_not_told(house: House) -> None:
    await house.keep()
    await house.use()
    assert await count(house.engine, outbox) > 0

    await house.ask()
    await house.eraser().once()

    pending = await house.desk.outbox.pending(limit=10)
    assert {entry.message.value for entry in pending if entry.message.key == "u1"} == {b""}


async def test_the_chain_stays_whole_and_tells_what_was_decided_but_not_about_what(
    house: House,
) -> None:
    await house.keep()
    await house.use()
    before = await house.desk.audit.links("acme", after=0, limit=10)

    await house.erase()

    after = await house.desk.audit.links("acme", after=0, limit=10)
    assert first_break(after) is None
    assert [one.digest for one in after] == [one.digest for one in before]
    (one,) = (link.decision for link in after)
    assert (one.moderator, one.kind, one.reason) == ("ann", "uphold", "forged")
    assert (one.upload_id, one.verdict_id, one.job_id) == ("", "", "")
    assert one.subject_salt is None
    assert one.token == one.decision_id


async def test_nothing_that_was_on_its_way_comes_back(house: House) -> None:
    await house.keep()
    await house.erase()

    assert not await house.desk.ledger.announce(an_upload("u1"), deadline_at=NOON)
    assert not await house.desk.ledger.conclude(an_upload("u1"), a_verdict("u1"), publish=[])
    assert not await SqlDeadLetters(house.engine).keep(a_letter(key=b"u1"))
    with pytest.raises(UploadErased):
        await house.desk.ledger.status("u1")
    assert await house.erased.holds("u1")
    assert not await house.erased.holds("u2")


async def test_an_upload_is_blocked_as_soon_as_it_is_asked_for(house: House) -> None:
    await house.desk.ledger.announce(an_upload("u1"), deadline_at=NOON)

    await house.ask()

    assert await house.erased.holds("u1")
    assert not await house.desk.ledger.conclude(an_upload("u1"), a_verdict("u1"), publish=[])


async def test_what_was_written_while_the_first_pass_ran_is_gone_after_the_second(
    house: House,
) -> None:
    await house.keep()
    await house.ask()
    await house.eraser().once()
    await house.store.put("media/acme/u1/late", b"bytes")
    await house.store.put(f"packs/acme/{SHA256}/late.zip", b"crops")
    house.desk.clock.now += SETTLE - SECOND
    assert await house.eraser().once() == []

    house.desk.clock.now += SECOND
    done = await house.end()

    assert done.state is ErasureState.DONE
    assert house.store.objects == {}


async def test_packs_of_bytes_that_another_upload_has_stay(house: House) -> None:
    await house.keep("u1")
    await house.keep("u2")

    await house.erase("u1")

    assert sorted(house.store.objects) == [
        "media/acme/u2/0f",
        f"packs/acme/{SHA256}/crops-1.f.npz",
        f"packs/acme/{SHA256}/crops-1.zip",
    ]
    assert (await house.desk.ledger.status("u2")).verdict is not None


async def test_what_another_upload_of_the_same_bytes_looks_like_stays_known(house: House) -> None:
    await house.keep("u1")
    await house.keep("u2")

    await house.erase("u1")

    assert [look.pdq for look in await SqlLooks(house.engine).looks_of("u2")] == ["3c" * 32]


@pytest.mark.parametrize(
    "uri",
    [
        "store:///media",
        "store:///media/acme",
        "store:///media/acme/u2",
        "store:///media/acme/u2/0f",
        "store:///packs",
        f"store:///packs/acme/{'a1' * 32}",
        "store:///../ledger.sqlite",
        "store:///",
        "https://example.org/media/acme/u2/0f",
    ],
)
async def test_an_address_that_somebody_made_up_takes_nobody_elses_objects_along(
    house: House, uri: str
) -> None:
    await house.keep("u1", uri=uri)
    await house.keep("u2", sha256="a1" * 32)

    done = await house.erase("u1")

    assert done.state is ErasureState.DONE
    kept = {key for key in house.store.objects if "u2" in key or "a1a1" in key}
    assert len(kept) == 3
    assert kept == house.store.objects.keys()


async def test_an_object_that_a_platform_put_there_itself_goes_alone(house: House) -> None:
    await house.keep("u1", uri="store:///incoming/u1")
    for key in ("incoming/u1", "incoming/u1.other", "incoming/u1/below", "incoming/u2"):
        await house.store.put(key, b"bytes")

    await house.erase("u1")

    assert sorted(house.store.objects) == [
        "incoming/u1.other",
        "incoming/u1/below",
        "incoming/u2",
    ]


async def test_packs_that_only_erased_uploads_share_go(house: House) -> None:
    await house.keep("u1")
    await house.keep("u2")

    await house.ask("u1")
    await house.ask("u2")
    await house.eraser().once()

    assert house.store.objects == {}


async def test_all_of_an_uploaders_uploads_go_and_nobody_elses(house: House) -> None:
    await house.keep("u1")
    await house.keep("u2", sha256="a1" * 32)
    await house.keep("u3", sha256="b2" * 32, uploader_id="ben-y")
    await house.keep("u4", sha256="c3" * 32, tenant="other")

    done = await house.erase("ann-x", scope=ErasureScope.UPLOADER)

    assert done.uploads == 2
    for upload_id in ("u1", "u2"):
        with pytest.raises(UploadErased):
            await house.desk.ledger.status(upload_id)
    for upload_id in ("u3", "u4"):
        assert (await house.desk.ledger.status(upload_id)).verdict is not None
    assert len(house.store.objects) == 6


async def test_what_an_uploader_sends_afterwards_is_another_matter(house: House) -> None:
    await house.keep("u1")
    await house.ask("ann-x", scope=ErasureScope.UPLOADER)
    later = an_upload("u2", uploader_id="ann-x", announced_at=house.desk.clock.now + SECOND)
    await house.desk.ledger.announce(later, deadline_at=NOON)

    await house.finish()

    assert (await house.desk.ledger.status("u2")).upload == later


async def test_asking_twice_is_one_erasure(house: House) -> None:
    await house.keep()
    first = await house.ask()
    assert (await house.ask()).erasure_id == first.erasure_id
    await house.finish()

    again = await house.ask()

    assert (again.erasure_id, again.state) == (first.erasure_id, ErasureState.DONE)


async def test_nobody_erases_another_tenants_upload_or_one_that_is_not_there(house: House) -> None:
    await house.keep(tenant="other")

    for target in ("u1", "u9"):
        with pytest.raises(UnknownUpload):
            await house.ask(target)

    assert not await house.erased.holds("u1")


async def test_an_upload_that_is_asked_for_at_once_is_one_erasure(house: House) -> None:
    for number in range(8):
        await house.keep(f"u{number}")
        asked = [house.ask(f"u{number}") for _ in range(4)]

        assert len({one.erasure_id for one in await asyncio.gather(*asked)}) == 1

    assert len(await house.erasures.erasures(ALL_TENANTS, limit=100)) == 8


async def test_a_preview_counts_and_removes_nothing(house: House) -> None:
    await house.keep()
    await house.use()

    counted = await house.erasures.preview(a_request())

    assert counted["verdicts"] == 1
    assert counted["dead_letters"] == 1
    assert (await house.desk.ledger.status("u1")).verdict is not None
    done = await house.erase()
    assert {name: n for name, n in done.removed.items() if name != "objects"} == counted


async def test_a_preview_of_an_uploader_counts_all_of_their_uploads(house: House) -> None:
    for number in range(101):  # one more than are counted at once
        await house.desk.ledger.announce(
            an_upload(f"u{number}", uploader_id="z"), deadline_at=house.desk.clock()
        )
    await house.keep("other", uploader_id="y")

    counted = await house.erasures.preview(a_request("z", scope=ErasureScope.UPLOADER))

    assert counted["uploads"] == counted["upload_senders"] == 101


async def test_erasures_are_seen_by_their_tenant_and_found_by_what_was_erased(
    house: House,
) -> None:
    await house.keep("u1")
    await house.keep("u2", sha256="a1" * 32, tenant="other", uploader_id="z")
    one = await house.erase("u1")
    two = await house.erase("z", tenant="other", scope=ErasureScope.UPLOADER)

    assert await house.erasures.erasures(Tenants.named("acme"), limit=10) == [one]
    assert await house.erasures.erasures(ALL_TENANTS, limit=10) == [two, one]
    assert await house.erasures.erasures(ALL_TENANTS, target="u1", limit=10) == [one]
    assert await house.erasures.erasures(ALL_TENANTS, target="z", limit=10) == [two]
    assert await house.erasures.erasures(ALL_TENANTS, target="u2", limit=10) == [two]
    assert await house.erasures.erasures(ALL_TENANTS, target="u3", limit=10) == []


async def test_decisions_of_other_uploads_are_left_as_they_are(house: House) -> None:
    await house.keep("u1")
    await house.use("u1")
    await house.keep("u2", sha256="a1" * 32)
    await house.desk.take_and_decide("cid")

    await house.erase("u1")

    async with reading(house.engine) as connection:
        rows = await connection.execute(
            select(decisions.c.upload_id, decisions.c.subject_salt).order_by(decisions.c.sequence)
        )
        (first, second) = rows
    assert first == ("", None)
    assert second.upload_id == "u2"
    assert second.subject_salt
