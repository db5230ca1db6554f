"""The long form, `make chaos`; the short one is tests/acceptance/test_crashes.py."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from runtime.embedded.triton import EmbeddedTriton
from tests.chaos.report import report
from tests.chaos.scene import Parts
from tests.chaos.siege import besiege
from tests.parts.broker import Kafka
from tests.parts.postgres import Postgres


@pytest.mark.chaos
@pytest.mark.timeout(7200)
async def test_every_upload_comes_to_one_end_whatever_breaks(
    kafka: Kafka, postgres: Postgres, triton: EmbeddedTriton, tmp_path: Path
) -> None:
    outcome = await besiege(
        Parts(kafka=kafka, postgres=postgres, triton=triton),
        tmp_path,
        seed=int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(2**32)),
        faults=int(os.environ.get("CHAOS_FAULTS") or 100),
        uploads=int(os.environ.get("CHAOS_UPLOADS") or 600),
        say=lambda line: print(line, flush=True),
    )
    told = report(outcome)
    print(told)
    if result := os.environ.get("CHAOS_RESULT"):
        Path(result).write_text(told)
    assert not outcome.met_nobody
