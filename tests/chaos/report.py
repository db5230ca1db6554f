"""A run's outcome as text, to be kept beside the code that it speaks of."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime

from tests.chaos.siege import Outcome


def report(outcome: Outcome) -> str:
    """What struck, what became of the uploads, and on what machine."""
    history = outcome.history
    assert history is not None
    judged, told = len(history.judged), history.messages
    lines = [
        "Made by `make chaos`; CONTRIBUTING.md says what it does.",
        "",
        f"seed {outcome.seed}, {datetime.now(UTC):%Y-%m-%d}, {_machine()}",
        f"{outcome.struck.total()} faults in {outcome.struck_seconds:.0f} s while "
        f"{outcome.uploads} uploads were announced; all had come home after "
        f"{outcome.seconds:.0f} s",
        f"{outcome.restarts} starts of services that had ended, {outcome.announced_again} uploads "
        "announced again, "
        f"{outcome.letters.total()} dead letters redriven",
        f"{judged} verdicts, {told} messages of them, and no promise broken: one current verdict "
        "an upload, published at least once, never two for one lineage; nothing left in the "
        "outbox or among the dead letters",
        "",
        "faults",
        *(f"{count:5}  {fault}" for fault, count in sorted(outcome.struck.items())),
    ]
    if outcome.letters:
        lines += ["", "dead letters that a redrive brought home"]
        lines += [f"{count:5}  {what}" for what, count in sorted(outcome.letters.items())]
    if outcome.left_out:
        lines += ["", *(f"left out: {line}" for line in outcome.left_out)]
    return "\n".join(lines) + "\n"


def _machine() -> str:
    gibibytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{platform.machine()}, {os.cpu_count()} processors, {gibibytes:.0f} GiB, "
        f"load {os.getloadavg()[0]:.1f} at the end"
    )
