"""A hop leaves nothing of an upload that was erased, before or while it worked."""

from __future__ import annotations

import pytest

from moderation.errors import LedgerUnavailable
from storage.in_memory import InMemoryMediaStore
from streams.erase import UnlessErased, tombstones
from streams.messages import FACES, SCORED, FacesFound
from tests.builders import FACTS, NOON, TOPICS, an_origin, an_upload, scored

PACK = f"packs/acme/{FACTS.sha256}/crops-1.zip"


class Erased:
    """Says an upload is erased after so many times that it was not; None: it never is."""

    def __init__(self, *, after: int | None, shared: bool = False, away: bool = False) -> None:
        self.after = after
        self.shared = shared
        self.away = away
        self.asked: list[str] = []

    async def holds(self, upload_id: str) -> bool:
        self.asked.append(upload_id)
        if self.away:
            raise LedgerUnavailable
        return self.after is not None and len(self.asked) > self.after

    async def has_bytes(self, tenant: str, sha256: str, *, besides: str) -> bool:
        assert (tenant, sha256, besides) == ("acme", FACTS.sha256, "u1")
        return self.shared


class Work:
    """Writes a face pack, and tells of it."""

    def __init__(self, store: InMemoryMediaStore, *, message=None) -> None:
        self.store = store
        self.message = message
        self.times = 0

    async def __call__(self, _origin):
        self.times += 1
        await self.store.put(PACK, b"crops")
        return [self.message or _faces()]


def _faces():
    message = FacesFound(
        upload=an_upload(),
        media=FACTS,
        provenance=scored().provenance,
        face_pack=PACK,
        preprocessing="crops-1",
    )
    return FACES.encode(message, topic="faces", upload_id="u1", at=NOON)


def _rejected():
    message = scored(media=None, face_pack=None)
    return SCORED.encode(message, topic="scores", upload_id="u1", at=NOON)


def _scored():
    message = scored(media=FACTS, face_pack=PACK)
    return SCORED.encode(message, topic="scores", upload_id="u1", at=NOON)


@pytest.fixture
def store() -> InMemoryMediaStore:
    return InMemoryMediaStore()


async def test_what_was_not_erased_goes_on(store):
    erased, work = Erased(after=None), Work(store)

    (told,) = await UnlessErased(erased, store, work)(an_origin(b"{}"))

    assert told.topic == "faces"
    assert PACK in store.objects
    assert erased.asked == ["u1", "u1"]


async def test_what_was_erased_is_not_worked_on(store):
    work = Work(store)

    assert await UnlessErased(Erased(after=0), store, work)(an_origin(b"{}")) == []

    assert work.times == 0


async def test_what_was_erased_meanwhile_leaves_no_pack_and_is_not_told(store):
    handle = UnlessErased(Erased(after=1), store, Work(store))

    assert await handle(an_origin(b"{}")) == []

    assert store.objects == {}


@pytest.mark.parametrize("message", [_faces(), _scored()], ids=["faces", "scores"])
async def test_what_was_erased_between_two_hops_leaves_no_pack_either(store, message):
    await store.put(PACK, b"crops")
    work = Work(store)

    assert await UnlessErased(Erased(after=0), store, work)(an_origin(message.value)) == []

    assert (work.times, store.objects) == (0, {})


async def test_what_a_hop_was_about_to_end_goes_when_it_leads_to_nothing(store):
    await store.put(PACK, b"crops")

    async def conclude(_origin):
        return []

    handle = UnlessErased(Erased(after=1), store, conclude)

    assert await handle(an_origin(_scored().value)) == []
    assert store.objects == {}


async def test_who_told_nothing_and_had_no_pack_leaves_nothing_to_ask_about_again(store):
    async def conclude(_origin):
        return []

    erased = Erased(after=1)

    assert await UnlessErased(erased, store, conclude)(an_origin(b'{"upload":{}}')) == []
    assert erased.asked == ["u1"]


async def test_what_is_no_message_and_of_an_erased_upload_is_dropped(store):
    assert await UnlessErased(Erased(after=0), store, Work(store))(an_origin(b"?")) == []


async def test_a_pack_that_another_upload_needs_stays(store):
    handle = UnlessErased(Erased(after=1, shared=True), store, Work(store))

    assert await handle(an_origin(b"{}")) == []

    assert PACK in store.objects


async def test_what_has_no_pack_is_not_told_either(store):
    handle = UnlessErased(Erased(after=1), store, Work(store, message=_rejected()))

    assert await handle(an_origin(b"{}")) == []


async def test_a_ledger_that_is_away_holds_up_no_hop(store):
    handle = UnlessErased(Erased(after=0, away=True), store, Work(store))

    assert len(await handle(an_origin(b"{}"))) == 1


def test_compacted_topics_are_emptied_by_an_empty_value():
    told = [(one.topic, one.key, one.value) for one in tombstones("u1", TOPICS)]

    assert told == [("test.verdicts", "u1", b""), ("test.decisions", "u1", b"")]
