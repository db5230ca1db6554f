"""What is promised of shadow scores, over memory, SQLite and PostgreSQL alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Protocol

import pytest
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.lineage import ModelIdentity
from moderation.people import Tenants
from moderation.shadow import Opinion, ShadowOutcome, ShadowScore, compare
from moderation.verdict import Action, Label
from storage.database import writing
from storage.in_memory import InMemoryLedger, Memory
from storage.ledger import SqlLedger
from storage.ports import Ledger
from storage.shadow.database import SqlShadowScores
from storage.shadow.in_memory import InMemoryShadowScores
from storage.shadow.ports import ShadowFilter, ShadowKeeping, ShadowReading
from storage.tables import uploads
from tests.contracts.conftest import open_emptied
from tests.contracts.erasure.house import a_house
from tests.contracts.words import NOON, SECOND, a_verdict, an_upload

SERVING = ModelIdentity(name="faces", version="3", sha256="cd" * 32)
SHADOW = ModelIdentity(name="faces", version="4", sha256="ef" * 32)
ALL = ShadowFilter()


class Scores(ShadowKeeping, ShadowReading, Protocol):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    ledger: Ledger
    scores: Scores

    async def announce(self, *upload_ids: str) -> None:
        for upload_id in upload_ids:
            await self.ledger.announce(an_upload(upload_id), deadline_at=NOON)


@pytest.fixture
async def kept(place: str) -> AsyncIterator[Kept]:
    if place == "memory":
        memory = Memory()
        yield Kept(ledger=InMemoryLedger(memory), scores=InMemoryShadowScores(memory.uploads))
        return
    engine = await open_emptied(place)
    yield Kept(ledger=SqlLedger(engine), scores=SqlShadowScores(engine))
    await engine.dispose()


def said(label: Label, seconds: float = 1.0, **changes: object) -> Opinion:
    actions = {Label.FAKE: Action.WITHHOLD, Label.CLEAR: Action.PUBLISH}
    action = actions.get(label, Action.REVIEW)
    return replace(
        Opinion(label=label, action=action, fake_probability=0.25, seconds=seconds), **changes
    )


def a_score(upload_id: str = "u1", **changes: object) -> ShadowScore:
    score = ShadowScore(
        upload_id=upload_id,
        tenant="acme",
        shadow=SHADOW,
        serving=SERVING,
        verdict_id=f"{upload_id}-strict",
        lineage_digest="12" * 32,
        drawn_at=NOON,
        outcome=ShadowOutcome.SCORED,
        by_serving=said(Label.CLEAR, 0.5),
        by_shadow=said(Label.FAKE, 0.75),
    )
    return replace(score, **changes)


def a_loss(upload_id: str = "u1", **changes: object) -> ShadowScore:
    nothing = dict.fromkeys(("verdict_id", "lineage_digest", "by_serving", "by_shadow"))
    return a_score(upload_id, outcome=ShadowOutcome.LATE, **{**nothing, **changes})


async def test_a_score_is_kept_whole(kept: Kept) -> None:
    await kept.announce("u1")
    unsure = a_score(by_serving=said(Label.UNKNOWN, fake_probability=None))
    assert await kept.scores.keep([unsure]) == set()
    assert await kept.scores.flipped(ALL, limit=5) == [unsure]


async def test_nothing_is_kept_of_nothing(kept: Kept) -> None:
    assert await kept.scores.keep([]) == set()
    assert await kept.scores.tallies(ALL) == []


async def test_an_upload_that_is_scored_twice_counts_once_and_stays_as_it_was(kept: Kept) -> None:
    await kept.announce("u1")
    await kept.scores.keep([a_score()])
    await kept.scores.keep([a_score(by_shadow=said(Label.CLEAR)), a_loss()])
    assert await kept.scores.flipped(ALL, limit=5) == [a_score()]
    (tally,) = await kept.scores.tallies(ALL)
    assert tally.uploads == 1


async def test_a_loss_gives_way_to_the_score_of_an_upload_that_came_again(kept: Kept) -> None:
    await kept.announce("u1")
    await kept.scores.keep([a_loss()])
    await kept.scores.keep([a_score()])
    (tally,) = await kept.scores.tallies(ALL)
    assert (tally.outcome, tally.uploads) == (ShadowOutcome.SCORED, 1)


async def test_each_shadow_has_a_row_of_its_own(kept: Kept) -> None:
    await kept.announce("u1")
    other = replace(SHADOW, sha256="00" * 32)
    await kept.scores.keep([a_score(), a_score(shadow=other)])
    assert {tally.shadow for tally in await kept.scores.tallies(ALL)} == {SHADOW, other}


async def test_an_upload_that_is_not_in_the_ledger_yet_is_told_and_holds_up_no_other(
    kept: Kept,
) -> None:
    await kept.announce("u1")
    early = a_score("u2")
    assert await kept.scores.keep([early, a_score("u1")]) == {"u2"}
    await kept.announce("u2")
    assert await kept.scores.keep([early]) == set()
    assert len(await kept.scores.flipped(ALL, limit=5)) == 2


async def test_a_verdict_that_is_superseded_takes_no_score_with_it(kept: Kept) -> None:
    first = a_verdict(policy="a")
    await kept.ledger.conclude(an_upload(), first, publish=[])
    await kept.scores.keep([a_score(verdict_id=first.verdict_id)])
    second = a_verdict(policy="b", supersedes=first.verdict_id)
    await kept.ledger.conclude(an_upload(), second, publish=[])
    assert [one.verdict_id for one in await kept.scores.flipped(ALL, limit=5)] == ["u1-a"]


async def test_uploads_with_the_same_end_are_counted_together_with_what_they_cost(
    kept: Kept,
) -> None:
    same = {"by_serving": said(Label.FAKE, 2.0), "by_shadow": said(Label.FAKE, 3.0)}
    await kept.announce("u1", "u2", "u3", "u4")
    await kept.scores.keep([a_score("u1"), a_score("u2"), a_score("u3", **same), a_loss("u4")])
    (comparison,) = compare(await kept.scores.tallies(ALL))
    assert comparison.outcomes == {ShadowOutcome.SCORED: 3, ShadowOutcome.LATE: 1}
    assert (comparison.flips.count, comparison.flips.of) == (2, 3)
    assert comparison.changes == {(Label.CLEAR, Label.FAKE): 2}
    assert (comparison.serving_seconds, comparison.shadow_seconds) == (3.0, 4.5)


@pytest.mark.parametrize(
    ("which", "found"),
    [
        (ALL, ["u3", "u1", "u2"]),
        (ShadowFilter(since=NOON + SECOND), ["u3"]),
        (ShadowFilter(until=NOON + SECOND), ["u1", "u2"]),
        (ShadowFilter(tenants=Tenants.named("other")), ["u2"]),
        (ShadowFilter(since=NOON, until=NOON), []),
    ],
)
async def test_a_filter_narrows_by_everything_it_names_and_the_newest_come_first(
    kept: Kept, which: ShadowFilter, found: list[str]
) -> None:
    await kept.announce("u1", "u2", "u3", "u4")
    await kept.scores.keep(
        [
            a_score("u2", tenant="other"),
            a_score("u1"),
            a_score("u3", drawn_at=NOON + SECOND),
            a_score("u4", by_shadow=said(Label.CLEAR)),
        ]
    )
    flipped = await kept.scores.flipped(which, limit=5)
    assert [score.upload_id for score in flipped] == found
    counted = sum(tally.uploads for tally in await kept.scores.tallies(which))
    assert counted == len(found) + (which in (ALL, ShadowFilter(until=NOON + SECOND)))
    assert len(await kept.scores.flipped(which, limit=1)) == min(1, len(found))


async def test_a_score_goes_with_its_upload(engine: AsyncEngine) -> None:
    scores = SqlShadowScores(engine)
    await SqlLedger(engine).announce(an_upload(), deadline_at=NOON)
    await scores.keep([a_score()])
    async with writing(engine) as connection:
        await connection.execute(delete(uploads).where(uploads.c.upload_id == "u1"))
    assert await scores.tallies(ALL) == []


async def test_an_upload_that_is_erased_leaves_no_score_and_gets_none_any_more(
    engine: AsyncEngine,
) -> None:
    house, scores = a_house(engine), SqlShadowScores(engine)
    await house.keep()
    await scores.keep([a_score()])
    done = await house.erase()
    assert done.removed["shadow_scores"] == 1
    assert await scores.tallies(ALL) == []
    assert await scores.keep([a_score()]) == {"u1"}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer
async def test_nobody_waits_for_a_verdict_that_is_being_written(engine: AsyncEngine) -> None:
    ledger, scores = SqlLedger(engine), SqlShadowScores(engine)
    for upload_id in ("u1", "u2"):
        await ledger.announce(an_upload(upload_id), deadline_at=NOON)
    async with writing(engine) as connection:
        await connection.execute(
            uploads.select().where(uploads.c.upload_id == "u1").with_for_update()
        )
        assert await scores.keep([a_score("u1"), a_score("u2")]) == {"u1"}
    assert await scores.keep([a_score("u1")]) == set()


async def test_scores_and_verdicts_that_are_written_at_once_all_stand(engine: AsyncEngine) -> None:
    ledger, scores = SqlLedger(engine), SqlShadowScores(engine)
    names = [f"u{number}" for number in range(12)]
    for name in names:
        await ledger.announce(an_upload(name), deadline_at=NOON)

    async def keep(left: set[str]) -> None:
        while left:
            left = await scores.keep([a_score(name) for name in left])

    concluded = [ledger.conclude(an_upload(name), a_verdict(name), publish=[]) for name in names]
    *written, _, _ = await asyncio.gather(*concluded, keep(set(names)), keep(set(names)))
    assert written == [True] * 12
    assert sum(tally.uploads for tally in await scores.tallies(ALL)) == 12
