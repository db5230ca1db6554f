"""What became of a shadow's uploads is written some at a time, or lost and counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from moderation.errors import Inconsistent, LedgerUnavailable, ModerationError
from moderation.shadow import ShadowOutcome, ShadowScore
from storage.shadow.in_memory import InMemoryShadowScores
from streams.shadow_notes import Notes
from tests.builders import MODEL
from tests.unit.streams.shadowing import SHADOWED, counted


class Keeping(InMemoryShadowScores):
    """Fails when it is told to; `batches` are how many scores it was given at a time."""

    def __init__(self, *uploads: str) -> None:
        self.known = set(uploads)
        super().__init__(self.known)
        self.failure: ModerationError | None = None
        self.batches: list[int] = []

    async def keep(self, scores: Sequence[ShadowScore]) -> set[str]:
        self.batches.append(len(scores))
        if self.failure is not None:
            raise self.failure
        return await super().keep(scores)

    @property
    def ids(self) -> list[str]:
        return [upload_id for upload_id, _ in self.kept]


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def a_note(upload_id: str = "u1") -> ShadowScore:
    return ShadowScore(
        upload_id=upload_id,
        tenant="acme",
        shadow=SHADOWED,
        serving=MODEL,
        drawn_at=datetime(2026, 3, 1, tzinfo=UTC),
        outcome=ShadowOutcome.LATE,
    )


def lost() -> float:
    return counted("SHADOW_ENDED", outcome="lost")


async def test_what_is_held_is_written_once() -> None:
    keeping = Keeping("u1")
    notes = Notes(keeping)
    notes.add(a_note())
    await notes.flush()
    await notes.flush()
    assert (keeping.ids, keeping.batches) == (["u1"], [1])


async def test_many_are_written_in_batches_each_a_short_transaction() -> None:
    names = [f"u{number}" for number in range(250)]
    keeping = Keeping(*names)
    notes = Notes(keeping)
    for name in names:
        notes.add(a_note(name))
    await notes.flush()
    assert (keeping.ids, keeping.batches) == (names, [100, 100, 50])


async def test_an_upload_that_is_not_in_the_ledger_yet_is_tried_again() -> None:
    keeping, before = Keeping("u1"), lost()
    notes = Notes(keeping)
    for name in ("u1", "u2"):
        notes.add(a_note(name))
    await notes.flush()
    keeping.known.add("u2")
    await notes.flush()
    assert (keeping.ids, keeping.batches, lost()) == (["u1", "u2"], [2, 1], before)


async def test_one_that_never_gets_there_is_lost_after_a_minute_and_counted() -> None:
    clock, keeping, before = Clock(), Keeping(), lost()
    notes = Notes(keeping, clock=clock)
    notes.add(a_note())
    clock.now += 59.9
    await notes.flush()
    assert lost() == before
    clock.now += 0.1
    await notes.flush()
    await notes.flush()
    assert (lost(), keeping.batches) == (before + 1, [1, 1])


async def test_while_the_database_is_away_all_waits_and_it_is_asked_once() -> None:
    names = [f"u{number}" for number in range(150)]
    keeping = Keeping(*names)
    notes = Notes(keeping)
    for name in names:
        notes.add(a_note(name))
    keeping.failure = LedgerUnavailable()
    await notes.flush()
    assert keeping.batches == [100]
    keeping.failure = None
    await notes.flush()
    assert sorted(keeping.ids) == sorted(names)


async def test_what_the_database_refuses_is_not_tried_again() -> None:
    keeping, before = Keeping("u1"), lost()
    notes = Notes(keeping)
    notes.add(a_note())
    keeping.failure = Inconsistent()
    await notes.flush()
    await notes.flush()
    assert (keeping.batches, lost()) == ([1], before + 1)


async def test_no_more_are_held_than_may_be() -> None:
    keeping, before = Keeping("u1", "u2", "u3"), lost()
    notes = Notes(keeping, most_held=2)
    for name in ("u1", "u2", "u3"):
        notes.add(a_note(name))
    await notes.flush()
    assert (keeping.ids, lost()) == (["u1", "u2"], before + 1)


async def test_what_is_held_when_the_process_ends_is_lost_and_counted() -> None:
    keeping, before = Keeping(), lost()
    notes = Notes(keeping)
    notes.add(a_note())
    notes.give_up()
    await notes.flush()
    assert (keeping.batches, lost()) == ([], before + 1)
