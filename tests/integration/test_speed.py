"""`make bench` on next to nothing: that it measures, not how fast anything is."""

from __future__ import annotations

from pathlib import Path

from benchmarks.speed import transport
from benchmarks.speed.parts import Parts
from benchmarks.speed.rounds import Bench
from tests.parts.broker import Kafka
from tests.parts.postgres import Postgres


async def test_every_side_of_transport_brings_its_uploads_to_a_verdict(
    kafka: Kafka, postgres: Postgres, tmp_path: Path
) -> None:
    said: list[str] = []
    bench = Bench(folder=tmp_path, say=said.append, rounds=1, scale=0.005)

    found = await transport.measured(bench, Parts(kafka=kafka, postgres=postgres))

    assert [ratio.name for ratio in found.ratios] == ["transport", "transport, ledger"]
    assert len(said) == 3
    assert {"no ledger: worker-1", "PostgreSQL: worker-1", "plain: plain"} <= {
        cost.name for cost in found.costs
    }
