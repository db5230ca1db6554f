"""What the fault suite lets pass and what it does not, and that a seed repeats a run."""

from __future__ import annotations

import signal
from collections import Counter
from dataclasses import replace

import pytest

from tests.chaos.faults import PARTS, SERVICES
from tests.chaos.history import History, Judgement, violations
from tests.chaos.plan import draw, nominal_seconds
from tests.chaos.scene import End
from tests.chaos.siege import Outcome

A, B = Judgement("a", "1", "va", "clear"), Judgement("b", "1", "vb", "rejected")
AGAIN = Judgement("a", "2", "vc", "clear")
SOUND = History(
    noted={"a", "b"},
    current={"a": 1, "b": 1},
    rejected={"b"},
    faceless=set(),
    judged={A, B},
    told={A: {b"a1"}, B: {b"b1"}},
    messages=3,
    outbox=0,
    dead_letters=0,
)
DECKS = (list(SERVICES), list(PARTS))


def found(**changed: object) -> list[str]:
    return violations(replace(SOUND, **changed), announced={"a", "b"}, broken={"b"})


def test_a_sound_history_breaks_no_promise() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"noted": {"a"}}, "announced, and not in the ledger"),
        ({"noted": {"a", "b", "c"}}, "in the ledger, and never announced"),
        ({"current": {"a": 1}}, "without a current verdict"),
        ({"current": {"a": 2, "b": 1}}, "with more than one current verdict"),
        ({"judged": {A, B, AGAIN}}, "judged, and never published"),
        ({"judged": {A}}, "published, and never judged"),
        (
            {"told": {**SOUND.told, A: {b"a1", b"another"}}},
            "published as two verdicts of one lineage",
        ),
        ({"rejected": {"a", "b"}}, "rejected, and nothing is wrong with it"),
        ({"rejected": set()}, "broken, and not rejected"),
        ({"faceless": {"a"}}, "told to have no face"),
        ({"outbox": 1}, "left in the outbox"),
        ({"dead_letters": 1}, "dead letters that no redrive brought home"),
    ],
)
def test_a_broken_promise_is_named(changed: dict[str, object], what: str) -> None:
    (line,) = found(**changed)
    assert line.startswith(what)


def test_a_later_lineage_is_no_second_verdict() -> None:
    assert found(judged={A, B, AGAIN}, told={**SOUND.told, AGAIN: {b"a2"}}) == []


@pytest.mark.parametrize("other", [A._replace(label="fake"), A._replace(verdict_id="vx")])
def test_what_is_told_is_what_was_judged(other: Judgement) -> None:
    lines = found(told={other: {b"a1"}, B: {b"b1"}})
    assert [line.partition(":")[0] for line in lines] == [
        "judged, and never published",
        "published, and never judged",
    ]


def test_a_seed_draws_the_same_strikes_again() -> None:
    assert draw(7, 40, DECKS) == draw(7, 40, DECKS)
    assert draw(7, 40, DECKS) != draw(8, 40, DECKS)


def test_every_kind_strikes_before_one_strikes_again() -> None:
    for hand, deck in zip(draw(7, 2 * max(map(len, DECKS)), DECKS), DECKS, strict=True):
        assert {strike.fault for strike in hand[: len(deck)]} == set(deck)


def test_as_many_faults_are_drawn_as_were_asked_for() -> None:
    hands = draw(7, 41, DECKS)
    assert [len(hand) for hand in hands] == [21, 20]
    assert nominal_seconds(hands) > sum(strike.seconds for strike in hands[0])


@pytest.mark.parametrize(
    ("struck", "met", "in_vain"),
    [
        (2, {"relay killed": 0}, []),
        (3, {"relay killed": 0}, ["relay killed"]),
        (3, {"relay killed": 1}, []),
        (3, {}, []),
    ],
)
def test_a_kind_that_struck_thrice_must_have_met_somebody_where_that_is_seen(
    struck: int, met: dict[str, int], in_vain: list[str]
) -> None:
    outcome = Outcome(seed=7, uploads=1, struck=Counter({"relay killed": struck}), met=Counter(met))
    assert outcome.met_nobody == in_vain


@pytest.mark.parametrize(
    ("sent", "code", "explained"),
    [
        (signal.SIGKILL, -9, True),
        (signal.SIGKILL, 1, False),
        (signal.SIGTERM, 0, True),
        (signal.SIGTERM, -15, True),
        (signal.SIGTERM, 1, False),
        (signal.SIGSTOP, 0, False),
        (None, -9, False),
    ],
)
def test_an_end_is_explained_by_the_signal_that_was_sent(
    sent: signal.Signals | None, code: int, explained: bool
) -> None:
    end = End(service="relay", code=code, up=True, sent=sent, after=())
    assert end.explained == explained
