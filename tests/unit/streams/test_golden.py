from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from moderation.upload import GOLDEN, Upload
from moderation.verdict import Label, Verdict
from storage.in_memory import InMemoryLedger, InMemoryMediaStore, InMemoryOutbox, Memory
from storage.ports import OutboundMessage
from streams.golden import Heartbeat, Limits, Outcome
from streams.intake import Deadlines
from streams.messages import ANNOUNCED
from tests.builders import NOON, TOPICS
from tests.contracts.words import a_verdict

DEADLINES = Deadlines(live=timedelta(minutes=10), backfill=timedelta(days=1))
LIMITS = Limits(within=timedelta(seconds=30), tolerance=0.02)


class Stream(InMemoryLedger):
    """A stream that judges at once: each announced upload gets the next of some verdicts."""

    def __init__(self, memory: Memory, verdicts: Sequence[Verdict]) -> None:
        super().__init__(memory)
        self._verdicts = iter(verdicts)

    async def announce(
        self, upload: Upload, *, deadline_at: datetime, publish: Sequence[OutboundMessage] = ()
    ) -> bool:
        announced = await super().announce(upload, deadline_at=deadline_at, publish=publish)
        verdict = next(self._verdicts, None)
        if verdict is not None:
            await self.conclude(upload, _about(upload, verdict), publish=[])
        return announced


class Free:
    """A lease that is given, or not."""

    def __init__(self, *, given: bool = True) -> None:
        self.given = given

    async def take(self, name: str, *, within: timedelta) -> bool:
        return self.given

    async def give_back(self, name: str) -> None:
        pass


class Clock:
    """Each look takes ten seconds."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=10)
        return self.now


def _about(upload: Upload, verdict: Verdict) -> Verdict:
    return replace(
        verdict,
        upload_id=upload.upload_id,
        tenant=upload.tenant,
        verdict_id=f"verdict of {upload.upload_id}",
    )


def judged(probability: float, label: Label = Label.CLEAR, *, policy: str = "strict") -> Verdict:
    return a_verdict(fake_probability=probability, label=label, policy=policy)


def a_heartbeat(
    *verdicts: Verdict, memory: Memory | None = None, given: bool = True
) -> tuple[Heartbeat, Memory]:
    memory = memory or Memory()
    heartbeat = Heartbeat(
        {"real.jpg": b"real"},
        Stream(memory, verdicts),
        InMemoryMediaStore(),
        Free(given=given),
        TOPICS,
        DEADLINES,
        LIMITS,
        now=Clock(),
    )
    return heartbeat, memory


async def outcomes(*verdicts: Verdict) -> list[Outcome]:
    heartbeat, _ = a_heartbeat(*verdicts)
    return [(await heartbeat.once())["real.jpg"] for _ in verdicts]


async def test_what_comes_first_is_what_later_ones_are_held_against() -> None:
    assert await outcomes(judged(0.30), judged(0.319), judged(0.281)) == ["first", "same", "same"]


async def test_a_probability_that_moved_by_more_than_the_tolerance_is_told() -> None:
    assert await outcomes(judged(0.30), judged(0.321)) == ["first", "moved"]


async def test_another_label_is_told_whatever_the_probability() -> None:
    assert await outcomes(judged(0.59), judged(0.59, Label.SUSPECT)) == ["first", "moved"]


async def test_another_lineage_is_held_against_nothing() -> None:
    assert await outcomes(judged(0.1), judged(0.9, policy="lax"), judged(0.9, policy="lax")) == [
        "first",
        "first",
        "same",
    ]


async def test_a_verdict_that_does_not_come_in_time_is_late() -> None:
    heartbeat, _ = a_heartbeat()
    assert await heartbeat.once() == {"real.jpg": "late"}


async def test_known_media_come_in_their_own_tenant_and_are_looked_at_afresh() -> None:
    heartbeat, memory = a_heartbeat(judged(0.1))
    await heartbeat.once()
    (entry,) = await InMemoryOutbox(memory).pending(limit=10)
    announced = ANNOUNCED.decode(entry.message.value)
    assert announced.afresh
    assert announced.upload.tenant == GOLDEN


async def test_one_process_at_a_time_sends_them() -> None:
    heartbeat, memory = a_heartbeat(judged(0.1), given=False)
    assert await heartbeat.once() == {}
    assert await InMemoryOutbox(memory).pending(limit=10) == []
