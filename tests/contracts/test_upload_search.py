"""Finding uploads, over memory, SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from moderation.lineage import Lineage, ModelIdentity
from moderation.people import ALL_TENANTS, Tenants
from moderation.provenance import GeneratorMark, Provenance, ProvenanceState
from moderation.upload import Lane
from moderation.verdict import Label, Reason, Rejection, Verdict
from storage.search.database import SqlUploadSearch
from storage.search.in_memory import InMemoryUploadSearch
from storage.search.ports import Decided, Found, Place, Span, UploadSearch, Wanted
from tests.contracts.conftest import open_emptied
from tests.contracts.reviews.desk import PLAN, Desk, memory_desk, sql_desk, suspect
from tests.contracts.words import NOON, SECOND, a_lineage, a_verdict, an_upload

ACME = Tenants.named("acme")


@dataclass
class Kept:
    desk: Desk
    search: UploadSearch

    async def add(self, verdict: Verdict, *, lane: Lane = Lane.LIVE) -> None:
        upload = replace(an_upload(verdict.upload_id, tenant=verdict.tenant), lane=lane)
        assert await self.desk.ledger.conclude(upload, verdict, publish=[])

    async def find(self, tenants: Tenants = ACME, limit: int = 10, **which: object) -> list[str]:
        results = await self.search.find(Wanted(**which), tenants, limit=limit)
        return [one.upload_id for one in results.found]

    async def one(self, **which: object) -> Found:
        results = await self.search.find(Wanted(**which), ACME, limit=10)
        (found,) = results.found
        return found

    async def labels(self, **which: object) -> dict[Label, int]:
        counts = await self.search.counts(Wanted(**which), ACME)
        assert counts.is_whole
        return dict(counts.by_label)


@pytest.fixture
async def open_kept(place: str) -> AsyncIterator[Callable[..., Kept]]:
    """Makes what is kept under a plan that differs in what is named."""
    engine = None if place == "memory" else await open_emptied(place)

    def make(**changes: object) -> Kept:
        plan = replace(PLAN, **changes)
        if engine is None:
            desk = memory_desk(plan)
            return Kept(desk, InMemoryUploadSearch(desk.records._memory))
        return Kept(sql_desk(engine, plan), SqlUploadSearch(engine))

    yield make
    if engine is not None:
        await engine.dispose()


@pytest.fixture
def kept(open_kept: Callable[..., Kept]) -> Kept:
    return open_kept()


async def test_an_upload_is_found_as_it_stands(kept: Kept) -> None:
    await kept.desk.flag("u1")
    await kept.desk.take_and_decide("ann", "overturn")
    await kept.desk.settle_all()

    found = await kept.one()

    assert (found.label, found.action, found.standing) == ("suspect", "review", "publish")
    assert (found.file_name, found.lane, found.fake_probability) == ("holiday.mp4", "live", 0.7)
    assert (found.reasons, found.decided_at) == (("near_threshold",), NOON + SECOND)
    assert (found.model, found.model_version, found.policy) == ("faces", "3", "strict")
    assert (found.decided_by, found.provenance, found.generators) == ("ann", None, ())


async def test_what_is_asked_for_narrows(kept: Kept) -> None:
    day = timedelta(days=1)
    await kept.add(a_verdict("u1", fake_probability=0.9, reasons=()))
    await kept.add(suspect("u2", decided_at=NOON + day, reasons=(Reason.BLURRED,)))
    damaged = Rejection(reason="unreadable", detail="x")
    rejected = {"label": Label.REJECTED, "fake_probability": None, "rejection": damaged}
    await kept.add(a_verdict("u3", decided_at=NOON + 2 * day, **rejected), lane=Lane.BACKFILL)

    assert await kept.find() == ["u3", "u2", "u1"]
    assert await kept.find(labels=(Label.FAKE,)) == ["u1"]
    assert await kept.find(labels=(Label.FAKE, Label.SUSPECT)) == ["u2", "u1"]
    assert await kept.find(at_least=0.7, at_most=0.9) == ["u2", "u1"]
    assert await kept.find(at_least=0.71) == ["u1"]
    assert await kept.find(at_most=0.89) == ["u2"]
    assert await kept.find(reason="blurred") == ["u2"]
    assert await kept.find(reason="unreadable") == ["u3"]
    assert await kept.find(reason="blur") == []
    assert await kept.find(since=NOON + day) == ["u3", "u2"]
    assert await kept.find(until=NOON + day) == ["u1"]
    assert await kept.find(lane=Lane.BACKFILL) == ["u3"]
    assert await kept.find(upload_id="u2") == ["u2"]
    assert await kept.find(tenant="acme", limit=1) == ["u3"]


async def test_what_a_verdict_was_derived_from_narrows(kept: Kept) -> None:
    def by(model: ModelIdentity | None, policy: str, sha256: str) -> Lineage:
        return replace(a_lineage(policy), model=model, policy_sha256=sha256)

    old, new = (ModelIdentity(name="faces", version=one, sha256="cd" * 32) for one in "23")
    other = replace(old, name="looks")
    await kept.add(a_verdict("u1", lineage=by(old, "strict", "a1" * 32)))
    await kept.add(a_verdict("u2", lineage=by(new, "strict", "a2" * 32)))
    await kept.add(a_verdict("u3", lineage=by(other, "mild", "b1" * 32)))
    await kept.add(a_verdict("u4", lineage=by(None, "mild", "b1" * 32)))

    assert await kept.find(model="faces") == ["u2", "u1"]
    assert await kept.find(model="faces", model_version="2") == ["u1"]
    assert await kept.find(model="faces", model_version="4") == []
    assert await kept.find(model="face") == []
    assert await kept.find(policy="strict") == ["u2", "u1"]
    assert await kept.find(policy="strict", policy_sha256="a2") == ["u2"]
    assert await kept.find(policy="strict", policy_sha256="b") == []
    assert await kept.find(policy="mild", model="looks", labels=(Label.FAKE,)) == ["u3"]


async def test_what_the_media_says_of_itself_narrows(kept: Kept) -> None:
    def says(state: ProvenanceState, *generators: str) -> Provenance:
        marks = [GeneratorMark(generator=one, field=at) for one in generators for at in "ab"]
        return Provenance(state=state, generator_marks=tuple(marks))

    await kept.add(a_verdict("u1", provenance=says(ProvenanceState.UNKNOWN, "Painter", "Mixer")))
    await kept.add(a_verdict("u2", provenance=says(ProvenanceState.TRUSTED)))
    await kept.add(a_verdict("u3", provenance=says(ProvenanceState.INVALID, "Mixer")))
    await kept.add(a_verdict("u4"))

    assert await kept.find(provenance=ProvenanceState.UNKNOWN) == ["u1"]
    assert await kept.find(provenance=ProvenanceState.TRUSTED) == ["u2"]
    assert await kept.find(generator="Mixer") == ["u3", "u1"]
    assert await kept.find(generator="Painter") == ["u1"]
    assert await kept.find(generator="Mixer", provenance=ProvenanceState.INVALID) == ["u3"]
    assert await kept.find(generator="mixer") == []
    found = await kept.one(upload_id="u1")
    assert (found.provenance, found.generators) == ("unknown", ("Painter", "Mixer"))


async def test_what_is_rare_only_together_is_looked_for_as_well(kept: Kept) -> None:
    day = timedelta(days=1)
    blurred = {"reasons": (Reason.BLURRED, Reason.OCCLUDED)}
    await kept.add(a_verdict("u1", **blurred))
    await kept.add(a_verdict("u2", **blurred, decided_at=NOON + day), lane=Lane.BACKFILL)
    await kept.add(suspect("u3", **blurred), lane=Lane.BACKFILL)

    both = {"reason": "blurred", "lane": Lane.BACKFILL}
    assert await kept.find(**both) == ["u2", "u3"]
    assert await kept.find(**both, labels=(Label.SUSPECT, Label.CLEAR)) == ["u3"]
    assert await kept.find(**both, at_least=0.9, since=NOON + day) == ["u2"]
    assert await kept.find(**both, upload_id="u1") == []
    assert await kept.labels(**both) == {Label.FAKE: 1, Label.SUSPECT: 1}


@pytest.mark.parametrize("score", [0.0, 0.05, 0.35, 0.949, 0.95, 1.0])
async def test_a_score_is_found_at_both_ends_of_what_is_asked_for(kept: Kept, score: float) -> None:
    await kept.add(a_verdict("u1", label=Label.CLEAR, fake_probability=score))

    assert await kept.find(at_least=score, at_most=score) == ["u1"]
    assert await kept.find(at_least=score) == await kept.find(at_most=score) == ["u1"]
    assert await kept.find(at_least=min(score + 0.0001, 1.0)) == (["u1"] if score == 1.0 else [])
    assert await kept.find(at_most=max(score - 0.0001, 0.0)) == (["u1"] if score == 0.0 else [])


async def test_a_decision_stands_beside_the_verdict_that_supersedes(kept: Kept) -> None:
    first = await kept.desk.flag("u1")
    await kept.desk.take_and_decide("ann", "uphold")
    await kept.desk.settle_all()
    second = suspect("u1", policy="mild", supersedes=first.verdict_id, decided_at=NOON + SECOND * 9)
    await kept.add(second)

    assert (await kept.one(decided=Decided.WITHHOLD)).verdict_id == second.verdict_id


async def test_a_later_decision_takes_the_place_of_the_one_that_stood(kept: Kept) -> None:
    await kept.desk.flag("u1")
    await kept.desk.take_and_decide("ann", "uphold")
    await kept.desk.settle_all()
    await kept.desk.appeals.appeal("u1", "It is me.")
    await kept.desk.take_and_decide("bob", "overturn")
    await kept.desk.settle_all()

    assert await kept.find(decided=Decided.PUBLISH) == ["u1"]
    assert await kept.find(decided=Decided.WITHHOLD) == []


async def test_what_stands_by_a_decision_is_asked_for(kept: Kept) -> None:
    await kept.desk.flag("u1")
    await kept.desk.take_and_decide("ann", "uphold")
    await kept.desk.settle_all()
    await kept.desk.flag("u2")

    assert await kept.find(decided=Decided.NOTHING) == ["u2"]
    assert await kept.find(decided=Decided.WITHHOLD) == ["u1"]
    assert await kept.find(decided=Decided.PUBLISH) == []


async def test_who_may_be_asked_to_judge_is_not_told_of_decisions(open_kept) -> None:
    kept = open_kept(second=1.0)
    await kept.desk.flag("u1")
    await kept.desk.take_and_decide("ann", "uphold")
    await kept.desk.settle_all()  # it opens a blind second review

    assert await kept.find(decided=Decided.WITHHOLD) == ["u1"]
    assert await kept.find(decided=Decided.WITHHOLD, unbiased=True) == []
    assert await kept.find(decided=Decided.NOTHING, unbiased=True) == ["u1"]
    found = await kept.one(unbiased=True)
    assert (found.standing, found.decided_by) == (None, None)

    await kept.desk.take_and_decide("bob", "uphold")
    assert await kept.find(decided=Decided.WITHHOLD, unbiased=True) == ["u1"]


@pytest.mark.parametrize(
    "asked",
    [
        {"labels": (Label.SUSPECT,)},
        {"at_least": 0.0},
        {"at_most": 1.0},
        {"reason": "near_threshold"},
        {"provenance": ProvenanceState.VALID},
        {"generator": "Painter"},
        {"model": "faces"},
        {"model": "faces", "model_version": "3"},
    ],
)
async def test_what_detectors_say_finds_no_upload_that_waits_for_an_impression(
    kept: Kept, asked: dict[str, object]
) -> None:
    mark = GeneratorMark(generator="Painter", field="software")
    said = Provenance(state=ProvenanceState.VALID, generator_marks=(mark,))
    await kept.desk.flag("u1", provenance=said)

    assert await kept.find(**asked) == ["u1"]
    assert await kept.find(**asked, unscored=True) == []
    assert await kept.labels(**asked, unscored=True) == {}

    await kept.desk.take_and_decide("ann", "uphold")
    assert await kept.find(**asked, unscored=True) == ["u1"]
    assert await kept.labels(**asked, unscored=True) == {Label.SUSPECT: 1}


async def test_an_upload_that_waits_for_an_impression_is_found_with_nothing_that_detectors_say(
    kept: Kept,
) -> None:
    verdict = await kept.desk.flag("u1")
    await kept.add(a_verdict("u2", decided_at=verdict.decided_at - SECOND))

    waits, told = (await kept.search.find(Wanted(unscored=True), ACME, limit=9)).found

    assert (waits.upload_id, waits.file_name, waits.policy) == ("u1", "holiday.mp4", "strict")
    assert waits == waits.unscored()
    assert (told.upload_id, told.label, told.model) == ("u2", Label.FAKE, "faces")
    for narrowed in ({"upload_id": "u1"}, {"policy": "strict"}, {"tenant": "acme"}):
        assert "u1" in await kept.find(**narrowed, unscored=True)
    assert await kept.labels(unscored=True) == {Label.FAKE: 1}


async def test_who_leads_is_told_of_all_but_the_reviews_that_they_took_themselves(
    open_kept,
) -> None:
    kept = open_kept(second=1.0)
    await kept.desk.flag("u1")
    await kept.desk.take_and_decide("ann", "uphold")
    await kept.desk.settle_all()  # it opens a blind second review
    veiled = {"unbiased": True, "unscored": True, "holder": "lee"}
    assert await kept.find(labels=(Label.SUSPECT,), decided=Decided.WITHHOLD, **veiled) == ["u1"]

    job = await kept.desk.take("lee")

    assert await kept.find(labels=(Label.SUSPECT,), **veiled) == []
    assert await kept.labels(at_least=0.0, **veiled) == {}
    assert await kept.labels(**veiled) == {Label.SUSPECT: 1}  # sums tell of no single upload
    assert await kept.find(decided=Decided.WITHHOLD, **veiled) == []
    held = await kept.one(**veiled)
    assert (held.label, held.standing, held.decided_by) == (None, None, None)
    other = await kept.one(**veiled | {"holder": "kim"})
    assert (other.label, other.standing) == (Label.SUSPECT, "withhold")

    await kept.desk.decide(job, "lee", "uphold")
    assert await kept.find(labels=(Label.SUSPECT,), decided=Decided.WITHHOLD, **veiled) == ["u1"]


async def test_other_tenants_uploads_are_neither_found_nor_counted(kept: Kept) -> None:
    await kept.add(a_verdict("u1"))
    await kept.add(a_verdict("u2", tenant="other"))

    assert await kept.find() == ["u1"]
    assert await kept.find(tenant="other") == []
    assert await kept.find(upload_id="u2") == []
    assert await kept.labels() == {Label.FAKE: 1}
    assert await kept.find(ALL_TENANTS) == ["u2", "u1"]
    assert await kept.find(Tenants.named("acme", "other"), tenant="other") == ["u2"]


async def test_superseded_verdicts_are_not_found(kept: Kept) -> None:
    first = a_verdict("u1")
    await kept.add(first)
    await kept.add(suspect("u1", policy="mild", supersedes=first.verdict_id))

    assert await kept.find(labels=(Label.FAKE,)) == []
    assert await kept.find() == ["u1"]


async def test_pages_follow_each_other_both_ways_even_where_moments_are_equal(kept: Kept) -> None:
    for number in range(5):
        await kept.add(a_verdict(f"u{number}", decided_at=NOON + SECOND * (number // 2)))

    async def pages(start: Place | None) -> list[list[str]]:
        seen: list[list[str]] = []
        while True:
            results = await kept.search.find(Wanted(), ACME, start=start, limit=2)
            seen.append([one.upload_id for one in results.found])
            start = results.further
            if start is None:
                return seen

    assert await pages(None) == [["u4", "u3"], ["u2", "u1"], ["u0"]]
    (oldest,) = (await kept.search.find(Wanted(upload_id="u0"), ACME, limit=1)).found
    back = replace(oldest.place, newer=True)
    assert await pages(back) == [["u2", "u1"], ["u4", "u3"]]
    assert await pages(oldest.place) == [[]]


async def test_verdicts_are_counted_by_the_hour_and_by_the_day(kept: Kept) -> None:
    hour, start = timedelta(hours=1), datetime(2026, 3, 1, tzinfo=UTC)
    for number, after in enumerate((0, 0.99, 1, 23.99, 24)):
        await kept.add(a_verdict(f"u{number}", decided_at=start + after * hour))
    await kept.add(suspect("u5", decided_at=start))
    await kept.add(suspect("u6", decided_at=start, tenant="other"))

    async def counted(per: Span, tenants: Tenants = ACME, **which: object) -> list[tuple]:
        found = await kept.search.over_time(Wanted(**which), tenants, per=per)
        return [((one.start - start) / hour, one.label, one.uploads) for one in found]

    first = [(0, Label.FAKE, 4), (0, Label.SUSPECT, 1)]
    assert await counted(Span.DAY) == [*first, (24, Label.FAKE, 1)]
    assert await counted(Span.DAY, until=start + 24 * hour) == first
    assert await counted(Span.DAY, since=start + 25 * hour) == [(24, Label.FAKE, 1)]
    assert await counted(Span.DAY, ALL_TENANTS, labels=(Label.SUSPECT,)) == [(0, "suspect", 2)]
    assert await counted(Span.DAY, tenant="other") == []
    assert await counted(Span.HOUR, labels=(Label.FAKE,)) == [
        (0, Label.FAKE, 2),
        (1, Label.FAKE, 1),
        (23, Label.FAKE, 1),
        (24, Label.FAKE, 1),
    ]


@pytest.mark.parametrize(("since", "until"), [(0, 1), (1, 24), (1, 49), (0, 48), (2, 23), (47, 72)])
async def test_what_is_summed_is_what_is_found(kept: Kept, since: int, until: int) -> None:
    hour, start = timedelta(hours=1), datetime(2026, 3, 1, tzinfo=UTC)
    for number, after in enumerate((0, 0.5, 1, 22, 23.99, 24, 47, 48)):
        await kept.add(a_verdict(f"u{number}", decided_at=start + after * hour))

    for between in (
        {"since": start + since * hour, "until": start + until * hour},
        {"since": start + since * hour},
        {"until": start + until * hour},
    ):
        found = await kept.find(**between)
        assert await kept.labels(**between) == ({Label.FAKE: len(found)} if found else {})


async def test_a_superseded_verdict_is_counted_no_more(kept: Kept) -> None:
    first = a_verdict("u1")
    await kept.add(first)
    later = NOON + timedelta(days=1)
    await kept.add(suspect("u1", policy="b", supersedes=first.verdict_id, decided_at=later))

    assert await kept.labels() == {Label.SUSPECT: 1}
    (counted,) = await kept.search.over_time(Wanted(), ACME, per=Span.DAY)
    assert (counted.start, counted.label) == (Span.DAY.start_of(later), Label.SUSPECT)


async def test_labels_are_counted_of_what_is_asked_for(kept: Kept) -> None:
    await kept.add(a_verdict("u1", fake_probability=0.85))
    await kept.add(a_verdict("u2", fake_probability=0.95))
    await kept.add(suspect("u3"))

    assert await kept.labels() == {Label.FAKE: 2, Label.SUSPECT: 1}
    assert await kept.labels(at_least=0.9) == {Label.FAKE: 1}
