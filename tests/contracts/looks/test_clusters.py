"""Clusters: who is in them, and that each upload is decided as from the queue, append-only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from moderation.clusters import ruling_on, token_for
from moderation.errors import NotHeld, UnknownUpload, VerdictChanged
from moderation.looks import Look
from moderation.review import JobKind, JobState
from moderation.verdict import Action
from storage.in_memory import InMemoryLedger
from storage.looks.cluster_ports import Clusters
from storage.looks.clusters import SqlClusters
from storage.looks.in_memory_clusters import InMemoryClusters
from storage.reviews.ports import JobFilter
from tests.builders import FACTS
from tests.contracts.conftest import open_emptied
from tests.contracts.looks.test_looks import a_look, changed
from tests.contracts.reviews.desk import PLAN, Desk, memory_desk, published, sql_desk, suspect
from tests.contracts.words import an_upload

ONE, TWO = "1" * 64, "2" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    clusters: Clusters
    desk: Desk

    async def sent(
        self, upload_id: str, *looks: Look, sha256: str = ONE, flagged: bool = True, **more: str
    ) -> None:
        made = suspect if flagged else published
        verdict = made(upload_id, media=replace(FACTS, sha256=sha256), **more)
        upload = an_upload(upload_id, tenant=verdict.tenant)
        assert await self.desk.ledger.conclude(upload, verdict, publish=[], looks=looks)

    async def decided(self, upload_id: str, action: Action, token: str = "form") -> JobKind:
        """Decide one upload as the console does."""
        token = token_for(token, upload_id)
        job = await self.clusters.hold(upload_id, f"{upload_id}-strict", "lea", token=token)
        reason = "forged" if action.restricts else "genuine"
        ruling = ruling_on(job, action, reason=reason, token=token)
        return (await self.desk.decisions.decide(job.job_id, "lea", ruling)).decision.job_kind

    async def standing(self, upload_id: str) -> Action | None:
        standing = (await self.desk.records.history(upload_id)).standing
        return standing.action if standing else None


@pytest.fixture
async def house(place: str) -> AsyncIterator[House]:
    if place == "memory":
        desk = memory_desk()
        assert isinstance(desk.ledger, InMemoryLedger)
        yield House(clusters=InMemoryClusters(desk.ledger._memory), desk=desk)
        return
    engine = await open_emptied(place)
    desk = sql_desk(engine)
    yield House(clusters=SqlClusters(engine, plan=PLAN, clock=desk.clock), desk=desk)
    await engine.dispose()


async def test_an_upload_its_bytes_and_its_look_alikes_are_one_cluster(house: House) -> None:
    await house.sent("far", changed(a_look(), 1, 2), sha256="3" * 64)
    await house.sent("near", changed(a_look(), 1), sha256="4" * 64, flagged=False)
    await house.sent("same", a_look())
    await house.sent("me", a_look())
    await house.sent("else", a_look(7), sha256="5" * 64)
    await house.sent("theirs", a_look(), tenant="other")

    found = await house.clusters.members("me", "acme", limit=10)

    assert [(one.upload_id, one.distance) for one in found] == [
        ("me", None),
        ("same", None),
        ("near", 1),
        ("far", 2),
    ]
    assert found[2].action is Action.PUBLISH
    assert len(await house.clusters.members("me", "acme", limit=2)) == 2


async def test_a_cluster_is_its_tenants_alone(house: House) -> None:
    await house.sent("me", a_look())

    assert await house.clusters.members("me", "other", limit=10) == []
    assert await house.clusters.members("gone", "acme", limit=10) == []


async def test_one_decision_ends_all_whatever_their_verdicts_asked_for(house: House) -> None:
    await house.sent("flagged", a_look())
    await house.sent("passed", a_look(), flagged=False)

    kinds = [await house.decided(one, Action.WITHHOLD) for one in ("flagged", "passed")]
    await house.desk.settle_all()

    assert kinds == [JobKind.FLAGGED, JobKind.CLUSTER]
    for upload_id in ("flagged", "passed"):
        assert await house.standing(upload_id) is Action.WITHHOLD
    assert len(await house.desk.outbox.pending(limit=9)) == 2
    assert len(await house.desk.audit.links("acme", after=0, limit=9)) == 2
    assert await house.desk.queue.next("ann") is None


async def test_what_was_decided_may_be_decided_otherwise_with_all_the_rest(house: House) -> None:
    await house.sent("me", a_look())
    await house.decided("me", Action.WITHHOLD, token="first")
    await house.desk.settle_all()
    await house.decided("me", Action.PUBLISH, token="second")
    await house.desk.settle_all()

    assert await house.standing("me") is Action.PUBLISH
    (member,) = await house.clusters.members("me", "acme", limit=9)
    assert member.standing is Action.PUBLISH


async def test_a_form_that_comes_twice_decides_once(house: House) -> None:
    await house.sent("me", a_look(), flagged=False)
    await house.decided("me", Action.WITHHOLD)
    await house.decided("me", Action.WITHHOLD)

    assert len(await house.desk.audit.links("acme", after=0, limit=9)) == 1


async def test_what_somebody_else_looks_at_is_left_to_them(house: House) -> None:
    await house.sent("me", a_look())
    await house.desk.take("ann")

    with pytest.raises(NotHeld):
        await house.clusters.hold("me", "me-strict", "lea", token="t")


async def test_what_an_appeal_is_open_about_or_answered_is_left_as_it_is(house: House) -> None:
    await house.sent("me", a_look())
    await house.decided("me", Action.WITHHOLD)
    await house.desk.settle_all()
    await house.desk.appeals.appeal("me", "it is me")
    with pytest.raises(NotHeld):
        await house.clusters.hold("me", "me-strict", "lea", token="t")

    await house.desk.decide(await house.desk.take("ann"), kind="overturn")
    await house.desk.settle_all()
    with pytest.raises(NotHeld):
        await house.clusters.hold("me", "me-strict", "lea", token="t")


async def test_only_the_verdict_that_was_looked_at_is_decided(house: House) -> None:
    await house.sent("me", a_look())

    with pytest.raises(VerdictChanged):
        await house.clusters.hold("me", "an-older-one", "lea", token="t")
    with pytest.raises(UnknownUpload):
        await house.clusters.hold("gone", "gone-strict", "lea", token="t")


async def test_a_later_verdict_asks_nobody_again_about_what_a_cluster_decided(
    house: House,
) -> None:
    await house.sent("me", a_look(), flagged=False)
    await house.decided("me", Action.WITHHOLD)
    later = suspect("me", policy="other", supersedes="me-strict", media=FACTS)
    await house.desk.conclude(later)

    jobs = await house.desk.records.jobs(JobFilter(upload_id="me", open_only=False), limit=9)
    assert [(job.kind, job.state) for job in jobs] == [(JobKind.CLUSTER, JobState.DECIDED)]
