"""`make bench` on next to nothing: that it measures, not how fast anything is."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

from benchmarks.speed import transport
from benchmarks.speed.kept_verdicts import KeptVerdicts
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


async def test_searches_and_one_more_verdict_are_timed_among_verdicts_that_are_kept(
    postgres: Postgres,
) -> None:
    async with aclosing(KeptVerdicts(postgres)) as among:
        found = [await among.measure(count) for count in (40, 400, 40)]

    assert all(
        set(one) == {"ms a search", "ms the slowest search", "ms a verdict"} for one in found
    )
    assert all(one["ms the slowest search"] >= one["ms a search"] > 0 for one in found)
