"""What was decided before about the same bytes or look-alikes is found, for one tenant only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from moderation.decisions import Decision, DecisionKind
from moderation.looks import Look
from moderation.matching import MOST_MATCHES
from moderation.review import JobKind
from moderation.upload import Lane
from moderation.verdict import Action, Match, MatchKind
from storage.database import writing
from storage.in_memory import InMemoryLedger, Memory
from storage.ledger import SqlLedger
from storage.looks.before import SqlSeenBefore
from storage.looks.in_memory_before import InMemorySeenBefore
from storage.looks.ports import SeenBefore
from storage.ports import Ledger
from storage.reviews.tables import standing_decisions
from tests.builders import FACTS
from tests.contracts.conftest import open_emptied
from tests.contracts.looks.test_looks import a_look, changed
from tests.contracts.words import NOON, a_verdict, an_upload

ONE, TWO = "1" * 64, "2" * 64
LIVE = frozenset({Lane.LIVE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What was seen and decided; `engine` is None in memory."""

    ledger: Ledger
    before: SeenBefore
    memory: Memory | None = None
    engine: object = None

    async def sent(self, upload_id: str, *looks: Look, sha256: str = ONE, tenant: str = "acme"):
        verdict = a_verdict(upload_id, tenant=tenant, media=replace(FACTS, sha256=sha256))
        upload = an_upload(upload_id, tenant=tenant)
        await self.ledger.conclude(upload, verdict, publish=(), looks=looks)
        return verdict

    async def decided(
        self, upload_id: str, action: Action, *, tenant: str = "acme", hours: int = 0
    ) -> str:
        decision = a_decision(upload_id, action, tenant, hours)
        if self.memory is not None:
            self.memory.reviews.standing[upload_id] = decision
            return decision.decision_id
        async with writing(self.engine) as connection:  # type: ignore[arg-type]
            await connection.execute(
                standing_decisions.insert().values(
                    upload_id=upload_id,
                    tenant=tenant,
                    decision_id=decision.decision_id,
                    kind=decision.kind,
                    action=action,
                    since=decision.effective_at,
                )
            )
        return decision.decision_id

    async def matches(self, *looks: Look, sha256: str = ONE, upload_id: str = "new"):
        return await self.before.decided(an_upload(upload_id), sha256, looks)


def a_decision(upload_id: str, action: Action, tenant: str, hours: int) -> Decision:
    at = NOON + timedelta(hours=hours)
    return Decision(
        decision_id=f"d-{upload_id}",
        tenant=tenant,
        upload_id=upload_id,
        verdict_id=f"{upload_id}-strict",
        job_id="j",
        job_kind=JobKind.FLAGGED,
        blind=False,
        kind=DecisionKind.UPHOLD,
        reason="deepfake",
        moderator="ann",
        token="t",
        made_at=at,
        effective_at=at,
        action=action,
    )


@pytest.fixture
async def past(place: str) -> AsyncIterator[Past]:
    if place == "memory":
        memory = Memory()
        yield Past(ledger=InMemoryLedger(memory), before=InMemorySeenBefore(memory), memory=memory)
        return
    engine = await open_emptied(place)
    yield Past(ledger=SqlLedger(engine), before=SqlSeenBefore(engine), engine=engine)
    await engine.dispose()


def match(upload_id: str, action: Action, distance: int | None = None) -> Match:
    return Match(
        kind=MatchKind.DECISION, decision_id=f"d-{upload_id}", action=action, distance=distance
    )


async def test_the_standing_verdict_of_the_same_bytes_and_lineage_is_found(past: Past) -> None:
    verdict = await past.sent("u1")
    digest = verdict.lineage.digest

    found = await past.before.standing("acme", ONE, lineages={digest, "else"}, lanes=LIVE)

    assert found == verdict


@pytest.mark.parametrize(
    ("tenant", "sha256", "lineage", "lane"),
    [
        ("other", ONE, None, Lane.LIVE),
        ("acme", TWO, None, Lane.LIVE),
        ("acme", ONE, "another", Lane.LIVE),
        ("acme", ONE, None, Lane.BACKFILL),
    ],
)
async def test_no_other_tenants_bytes_lineage_or_lane_have_a_standing_verdict(
    past: Past, tenant: str, sha256: str, lineage: str | None, lane: Lane
) -> None:
    verdict = await past.sent("u1")
    lineages = {lineage or verdict.lineage.digest}

    assert await past.before.standing(tenant, sha256, lineages=lineages, lanes={lane}) is None


async def test_a_verdict_that_was_superseded_stands_no_more(past: Past) -> None:
    first = await past.sent("u1")
    second = a_verdict("u1", policy="lenient", media=first.media, supersedes=first.verdict_id)
    await past.ledger.conclude(an_upload("u1"), second, publish=())

    found = past.before.standing("acme", FACTS.sha256, lineages={first.lineage.digest}, lanes=LIVE)

    assert await found is None


async def test_a_decision_on_the_same_bytes_matches_whatever_there_is_to_see(past: Past) -> None:
    await past.sent("u1")
    await past.decided("u1", Action.PUBLISH)

    assert await past.matches() == [match("u1", Action.PUBLISH)]
    assert await past.matches(sha256=TWO) == []


async def test_a_decision_on_a_look_alike_matches_with_its_distance(past: Past) -> None:
    await past.sent("u1", a_look())
    await past.decided("u1", Action.WITHHOLD)

    found = await past.matches(a_look(9), changed(a_look(), *range(31)), sha256=TWO)

    assert found == [match("u1", Action.WITHHOLD, 31)]
    assert await past.matches(changed(a_look(), *range(0, 64, 2)), sha256=TWO) == []


async def test_a_decision_reaches_look_alikes_of_every_upload_of_its_bytes(past: Past) -> None:
    await past.sent("u1", a_look())
    await past.sent("u2")  # of the same bytes, and taken over: nobody looked at them again
    await past.decided("u2", Action.WITHHOLD)

    assert await past.matches(a_look(), sha256=TWO) == [match("u2", Action.WITHHOLD, 0)]


async def test_an_upload_does_not_match_itself(past: Past) -> None:
    await past.sent("u1", a_look())
    await past.decided("u1", Action.WITHHOLD)

    assert await past.matches(a_look(), upload_id="u1") == []
    assert await past.matches(a_look(), sha256=TWO, upload_id="u1") == []


async def test_an_upload_that_nobody_decided_about_matches_nothing(past: Past) -> None:
    await past.sent("u1", a_look())

    assert await past.matches(a_look()) == []


async def test_nobody_learns_of_another_tenants_decisions(past: Past) -> None:
    await past.sent("u1", a_look(), tenant="other")
    await past.decided("u1", Action.WITHHOLD, tenant="other")

    assert await past.matches(a_look()) == []
    assert await past.matches(a_look(), sha256=TWO) == []


async def test_the_same_bytes_come_first_then_the_closest_then_the_newest(past: Past) -> None:
    await past.sent("far", changed(a_look(), 1, 2), sha256="3" * 64)
    await past.sent("old", changed(a_look(), 1), sha256="4" * 64)
    await past.sent("new", changed(a_look(), 2), sha256="5" * 64)
    await past.sent("same")
    for upload_id, hours in (("far", 9), ("old", 0), ("new", 1), ("same", 0)):
        await past.decided(upload_id, Action.LABEL, hours=hours)

    found = await past.matches(a_look(), upload_id="u9")

    assert [one.decision_id for one in found] == ["d-same", "d-new", "d-old", "d-far"]


async def test_a_decision_is_told_once_and_no_more_than_there_is_room_for(past: Past) -> None:
    for number in range(MOST_MATCHES + 2):
        await past.sent(f"u{number}", a_look())
        await past.decided(f"u{number}", Action.LABEL)

    found = await past.matches(a_look(), changed(a_look(), 1))

    assert len({one.decision_id for one in found}) == len(found) == MOST_MATCHES
