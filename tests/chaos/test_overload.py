"""Overload, `make overload`: its figures are for people; what it asserts is not timing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runtime.embedded.triton import EmbeddedTriton
from tests.chaos.pressure import CROWD, CROWDS, Outcome, press
from tests.chaos.report import pressure_report
from tests.chaos.scene import Parts
from tests.parts.broker import Kafka
from tests.parts.postgres import Postgres

_GROWN = 1.5  # memory after minutes of overload over that of its beginning
_ROOM = 64 << 20  # for what caches and arenas take


@pytest.mark.overload
@pytest.mark.timeout(7200)
async def test_ten_times_the_load_costs_those_who_can_wait_time_and_nobody_an_upload(
    kafka: Kafka, postgres: Postgres, triton: EmbeddedTriton, tmp_path: Path
) -> None:
    outcome = await press(
        Parts(kafka=kafka, postgres=postgres, triton=triton),
        tmp_path,
        rate=float(os.environ.get("OVERLOAD_RATE") or 4.0),
        seconds=float(os.environ.get("OVERLOAD_SECONDS") or 300),
        say=lambda line: print(line, flush=True),
    )
    told = pressure_report(outcome)
    print(told)
    if result := os.environ.get("OVERLOAD_RESULT"):
        Path(result).write_text(told)
    assert set(outcome.answers) <= {200, 202, 429}
    assert outcome.answers.total() == CROWD * CROWDS
    assert outcome.answers[429], "nobody was asked to come again"
    assert not outcome.hasty
    assert not list(_grown(outcome))


def _grown(outcome: Outcome) -> list[str]:
    """Services whose memory goes on growing with what waits."""
    return [
        name
        for name, looks in outcome.memory.items()
        if max(looks) > _GROWN * max(looks[: len(looks) // 4]) + _ROOM
    ]
