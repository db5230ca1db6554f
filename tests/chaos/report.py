"""The outcomes of runs as text, to be kept beside the code that they speak of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.machine import commit, told
from tests.chaos import pressure, uploads
from tests.chaos.siege import Outcome

_COMMIT = commit()  # when a run begins: the checkout may move meanwhile
PROMISED_SECONDS = 30  # a verdict on an urgent upload, for 99 of 100


def report(outcome: Outcome) -> str:
    """What struck, what became of the uploads, and on what machine."""
    history = outcome.history
    assert history is not None
    unexplained = [end for end in outcome.ends if not end.explained]
    judged, messages = len(history.judged), history.messages
    lines = [
        "Made by `make chaos`; CONTRIBUTING.md says what it does.",
        "",
        f"seed {outcome.seed}, {told(of=_COMMIT)}",
        f"{outcome.struck.total()} faults in {outcome.struck_seconds:.0f} s while "
        f"{outcome.uploads} uploads were announced; all had come home after "
        f"{outcome.seconds:.0f} s",
        f"{len(outcome.ends)} starts of services that had ended, {len(unexplained)} of them "
        f"unexplained; {outcome.announced_again} uploads announced again, "
        f"{outcome.letters.total()} dead letters redriven",
        f"{judged} verdicts, {messages} messages of them, and no promise broken: one current "
        "verdict an upload, published at least once, never two for one lineage; nothing left in "
        "the outbox or among the dead letters",
        "",
        "faults",
        *(f"{fault:34} {_struck(outcome, fault)}" for fault in sorted(outcome.struck)),
    ]
    if unexplained:
        lines += ["", "ends that no strike explains"]
        lines += [
            f"{end.service} with {end.code} {'when up' if end.up else 'as it started'}, "
            f"after: {', '.join(end.after)}"
            for end in unexplained
        ]
    if outcome.letters:
        lines += ["", "dead letters that a redrive brought home"]
        lines += [f"{count:5}  {what}" for what, count in sorted(outcome.letters.items())]
    if outcome.left_out:
        lines += ["", *(f"left out: {line}" for line in outcome.left_out)]
    return "\n".join(lines) + "\n"


def _struck(outcome: Outcome, fault: str) -> str:
    struck = f"{outcome.struck[fault]:3} struck"
    return f"{struck}, {outcome.met[fault]} met somebody" if fault in outcome.met else struck


def pressure_report(outcome: pressure.Outcome) -> str:
    """Who waited how long, who was asked to come again, and what it took."""
    urgent = np.array(outcome.waited["live"])
    in_time = float(np.mean(urgent <= PROMISED_SECONDS))
    lines = [
        "Made by `make overload`; CONTRIBUTING.md says what it does.",
        "",
        told(of=_COMMIT),
        f"{outcome.rate:g} urgent uploads a second and {pressure.TIMES - 1} times as many others, "
        f"for {outcome.seconds:.0f} s: {outcome.uploads} uploads, none lost; all had come home "
        f"{outcome.caught_up_seconds:.0f} s after the last was sent",
        f"urgent within {PROMISED_SECONDS} s of their first attempt: {in_time:.1%}",
        f"pictures of {uploads.PIXELS} x {uploads.PIXELS}: one in ten repeats another one's bytes, "
        "one in twenty is broken",
        "",
        "seconds to the end       median    99 of 100    longest",
        *(f"{lane:20} {_waits(waits)}" for lane, waits in sorted(outcome.waited.items())),
        "",
        f"{pressure.CROWDS} crowds of {pressure.CROWD} files at once were answered",
        *(f"{count:5}  {status}" for status, count in sorted(outcome.answers.items())),
        "",
        "MiB in memory       at first    at most",
        *(
            f"{name:18} {looks[0] / 2**20:9.0f} {max(looks) / 2**20:10.0f}"
            for name, looks in sorted(outcome.memory.items())
        ),
    ]
    return "\n".join(lines) + "\n"


def _waits(seconds: Sequence[float]) -> str:
    median, late = np.percentile(seconds, [50, 99])
    return f"{median:10.1f} {late:12.1f} {max(seconds):10.1f}"
