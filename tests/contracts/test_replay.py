"""Deciding again over memory, SQLite and PostgreSQL: what is told, written, left alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from moderation.errors import LedgerUnavailable, UploadErased
from moderation.people import ALL_TENANTS
from moderation.verdict import Action, Label
from storage.in_memory_history import InMemoryVerdictHistory
from storage.ports import Ledger, UploadStatus, VerdictHistory
from storage.reviews.in_memory_records import InMemoryReviewRecords
from storage.reviews.ports import JobFilter, ReviewRecords
from storage.reviews.records import SqlReviewRecords
from storage.search.database import SqlUploadSearch
from storage.search.in_memory import InMemoryUploadSearch
from storage.search.ports import Wanted
from storage.verdict_history import SqlVerdictHistory
from streams.messages import REACHED
from streams.replay.changes import Conclusion, Kind, LeftOut
from tests.contracts.conftest import memory_store, open_emptied, open_store
from tests.contracts.words import Store
from tests.replaying import OTHER_MODEL, CountingPanel, House, NoPanel, a_policy

# 200 greys: under `first` those from 128 on are suspect and those from 172 on fake.
SPREAD = [round(number * 255 / 199) for number in range(200)]
CLEAR = Conclusion(label=Label.CLEAR, action=Action.PUBLISH)
SUSPECT = Conclusion(label=Label.SUSPECT, action=Action.REVIEW)
FAKE = Conclusion(label=Label.FAKE, action=Action.WITHHOLD)
STRICT = a_policy("strict", suspect=0.3, fake=0.6)


class Forgetful:
    """A ledger in which one upload is erased between its being found and its being read."""

    def __init__(self, ledger: Ledger, erased: str) -> None:
        self._ledger = ledger
        self._erased = erased

    async def status(self, upload_id: str) -> UploadStatus:
        if upload_id == self._erased:
            raise UploadErased
        return await self._ledger.status(upload_id)


class Thinning:
    """A ledger whose verdicts lack a part by now."""

    def __init__(self, ledger: Ledger, part: str) -> None:
        self._ledger = ledger
        self._part = part

    async def status(self, upload_id: str) -> UploadStatus:
        status = await self._ledger.status(upload_id)
        return replace(status, verdict=replace(status.verdict, **{self._part: None}))


class Kept:
    """A house over one place, and what it told the platform."""

    def __init__(
        self, store: Store, house: House, history: VerdictHistory, reviews: ReviewRecords
    ) -> None:
        self.house = house
        self._store = store
        self._history = history
        self._reviews = reviews

    async def reviews(self) -> list[str]:
        jobs = await self._reviews.jobs(JobFilter(open_only=False), limit=10)
        return [job.state.value for job in jobs]

    async def told(self) -> list[str]:
        pending = await self._store.outbox.pending(limit=1000)
        return [REACHED.decode(one.message.value).verdict.verdict_id for one in pending]

    async def history(self, upload_id: str) -> list[tuple[str, str]]:
        reached = await self._history.verdicts(upload_id, ALL_TENANTS)
        return [(one.lineage.policy_name, one.label.value) for one in reached]

    async def labels(self) -> dict[Label, int]:
        return dict((await self.house.search.counts(Wanted(), ALL_TENANTS)).by_label)


@pytest.fixture
async def kept(place: str) -> AsyncIterator[Kept]:
    if place == "memory":
        store = memory_store()
        memory = store.ledger._memory
        house = House(store.ledger, InMemoryUploadSearch(memory))
        yield Kept(store, house, InMemoryVerdictHistory(memory), InMemoryReviewRecords(memory))
        return
    engine = await open_emptied(place)
    store = open_store(engine)
    house = House(store.ledger, SqlUploadSearch(engine))
    yield Kept(store, house, SqlVerdictHistory(engine), SqlReviewRecords(engine))
    await engine.dispose()


async def test_another_policy_for_200_uploads_is_told_right_and_nothing_is_decoded(
    kept: Kept,
) -> None:
    house = kept.house
    await house.judge_faces(*SPREAD)
    before, told = await kept.labels(), await kept.told()
    replay = house.by_policy(STRICT)

    changes = await replay.compare(Wanted())

    assert (changes.seen, changes.current, changes.left_out.total()) == (200, 0, 0)
    assert await kept.labels() == before
    assert await kept.told() == told
    wrote = await replay.supersede(Wanted(), room=house.room)
    assert wrote.kinds == changes.kinds
    after = await kept.labels()
    assert _moved(before, changes.kinds) == after
    assert set(changes.kinds) == {
        Kind(before=CLEAR, after=SUSPECT),
        Kind(before=SUSPECT, after=FAKE),
    }
    assert len(await kept.told()) == 400


async def test_another_model_for_200_uploads_is_asked_once_and_nothing_is_fetched(
    kept: Kept,
) -> None:
    house, panel = kept.house, CountingPanel(sign=-1.0)
    await house.judge_faces(*SPREAD)
    before = await kept.labels()
    replay = house.by_model(panel)

    changes = await replay.compare(Wanted())
    wrote = await replay.supersede(Wanted(), room=house.room)

    assert wrote.kinds == changes.kinds
    assert changes.kinds[Kind(before=FAKE, after=CLEAR)] > 0
    assert _moved(before, changes.kinds) == await kept.labels()
    # Uploads of equal bytes share a pack; several in hand at once may ask about it twice.
    assert len(set(SPREAD)) <= len(panel.urgent) <= 200
    assert not any(panel.urgent)
    status = await house.ledger.status("u0000")
    assert status.verdict.lineage.model == OTHER_MODEL


async def test_superseded_verdicts_stay_in_the_history(kept: Kept) -> None:
    await kept.house.judge_faces(150)
    await kept.house.by_policy(STRICT).supersede(Wanted(), room=kept.house.room)
    assert await kept.history("u0000") == [("strict", "fake"), ("first", "suspect")]


async def test_a_policy_that_is_taken_back_is_decided_and_told_again(kept: Kept) -> None:
    house = kept.house
    await house.judge_faces(150)
    for policy in (STRICT, a_policy("first"), STRICT):
        changes = await house.by_policy(policy).compare(Wanted())
        wrote = await house.by_policy(policy).supersede(Wanted(), room=house.room)
        assert (changes.changed, wrote.changed) == (1, 1)
    assert [name for name, _ in await kept.history("u0000")] == [
        "strict",
        "first",
        "strict",
        "first",
    ]
    assert len(set(await kept.told())) == 4


async def test_what_is_of_the_new_lineage_already_is_passed(kept: Kept) -> None:
    house = kept.house
    await house.judge_faces(100, 150, 160)
    await house.by_policy(STRICT).supersede(Wanted(upload_id="u0001"), room=house.room)
    again = house.by_policy(STRICT)
    assert (await again.compare(Wanted())).current == 1
    wrote = await again.supersede(Wanted(), room=house.room)
    assert (wrote.current, wrote.decided) == (1, 2)
    assert (await again.supersede(Wanted(), room=house.room)).current == 3


async def test_a_replay_that_was_interrupted_goes_on_where_it_was(kept: Kept) -> None:
    house = kept.house
    await house.judge_faces(*SPREAD[:30])
    replay = house.by_policy(STRICT, page=10)

    async def two_pages() -> None:
        if len(await kept.told()) == 50:
            raise LedgerUnavailable("gone in the middle")

    with pytest.raises(LedgerUnavailable):
        await replay.supersede(Wanted(), room=two_pages)
    wrote = await replay.supersede(Wanted(), room=house.room)
    assert (wrote.current, wrote.decided) == (20, 10)
    assert len(set(await kept.told())) == 60


async def test_only_what_is_asked_for_is_decided_again(kept: Kept) -> None:
    await kept.house.judge_faces(100, 150, 250)
    changes = await kept.house.by_policy(STRICT).compare(Wanted(labels=(Label.SUSPECT,)))
    assert (changes.seen, changes.changed) == (1, 1)


async def test_media_without_a_face_are_decided_by_the_new_policy(kept: Kept) -> None:
    house = kept.house
    await house.judge_without_face("u1")
    lines = a_policy("withholding")
    actions = {**lines.rules[0].actions, Label.NO_FACE: Action.REVIEW}
    policy = replace(lines, rules=(replace(lines.rules[0], actions=actions),))
    for replay in (house.by_policy(policy), house.by_model(NoPanel(), policy)):
        (kind,) = (await replay.compare(Wanted())).kinds
        assert (kind.before.action, kind.after.action) == (Action.PUBLISH, Action.REVIEW)


async def test_what_was_never_recorded_is_left_out_and_said_so(kept: Kept) -> None:
    house = kept.house
    await house.judge_faces(150, 160)
    del house.store.objects[next(key for key in house.store.objects if key.endswith(".json"))]
    changes = await house.by_policy(STRICT).compare(Wanted())
    assert changes.left_out == {LeftOut.NOT_RECORDED: 1}
    assert changes.changed == 1


async def test_a_face_pack_that_is_gone_is_left_out(kept: Kept) -> None:
    house = kept.house
    await house.judge_faces(150)
    del house.store.objects["packs/acme/150/c-1.zip"]
    changes = await house.by_model(CountingPanel()).compare(Wanted())
    assert changes.left_out == {LeftOut.PACK_GONE: 1}


async def test_recorded_scores_of_another_model_are_read_where_it_was_asked_before(
    kept: Kept,
) -> None:
    house = kept.house
    await house.judge_faces(150)
    await house.by_model(CountingPanel(sign=-1.0)).compare(Wanted())
    (kind,) = (await house.by_policy(a_policy("first"), OTHER_MODEL).compare(Wanted())).kinds
    assert kind == Kind(before=SUSPECT, after=CLEAR)


async def test_two_policies_are_compared_on_what_was_recorded(kept: Kept) -> None:
    house = kept.house
    await house.judge_faces(110, 150)
    lenient = house.record(a_policy("lenient", suspect=0.9, fake=0.95))
    changes = await house.by_policy(STRICT).compare(Wanted(), with_what=lenient)
    assert changes.kinds == {
        Kind(before=CLEAR, after=FAKE): 1,
        Kind(before=CLEAR, after=SUSPECT): 1,
    }


async def test_people_are_asked_about_what_a_replay_flags_and_not_about_what_it_clears(
    kept: Kept,
) -> None:
    house = kept.house
    await house.judge_faces(110)
    assert await kept.reviews() == []
    await house.by_policy(STRICT).supersede(Wanted(), room=house.room)
    assert await kept.reviews() == ["waiting"]
    await house.by_policy(a_policy("first")).supersede(Wanted(), room=house.room)
    assert await kept.reviews() == ["closed"]


async def test_an_upload_that_was_erased_meanwhile_is_left_out(kept: Kept) -> None:
    house = kept.house
    await house.judge_faces(110, 150)
    replay = house.by_policy(STRICT, ledger=Forgetful(house.ledger, "u0001"))
    wrote = await replay.supersede(Wanted(), room=house.room)
    assert (wrote.decided, wrote.left_out) == (1, {LeftOut.ERASED: 1})


@pytest.mark.parametrize("part", ["provenance", "face_pack"])
async def test_a_verdict_whose_evidence_is_past_its_retention_stays_as_it_is(
    kept: Kept, part: str
) -> None:
    house = kept.house
    await house.judge_faces(150)
    thinned = Thinning(house.ledger, part)
    for replay in (
        house.by_policy(STRICT, ledger=thinned),
        house.by_model(NoPanel(), STRICT, ledger=thinned),
    ):
        changes = await replay.compare(Wanted())
        assert changes.left_out == {LeftOut.THINNED: 1}


def _moved(before: dict[Label, int], kinds: dict[Kind, int]) -> dict[Label, int]:
    after = dict(before)
    for kind, count in kinds.items():
        after[kind.before.label] = after.get(kind.before.label, 0) - count
        after[kind.after.label] = after.get(kind.after.label, 0) + count
    return {label: count for label, count in after.items() if count}
