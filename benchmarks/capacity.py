"""`python -m benchmarks.capacity REPORT`: what rates of uploads need, from what one costs.

The report is that of `make bench`. A need is a unit cost times a rate, over the share of a
processor that may be in use; what does not grow with the rate is told in `docs/capacity.md`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.speed.efficiency import BYTES, PROCESSOR
from benchmarks.speed.findings import Cost
from benchmarks.speed.report import Report, read_report
from moderation.errors import InvalidConfiguration

RATES = (10, 1_000, 100_000)  # uploads a second
_DAY = 86_400
_PARTS = {"worker", "intake", "relay", "Kafka", "Triton", "PostgreSQL"}
_PLACES = {"Kafka", "PostgreSQL", "media store"}
_TIB = 2**40


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is assumed; days are the defaults of `docs/settings.md`, and Kafka's own week.

    `accelerator` is how many processors' images one accelerator infers. It was not measured: there
    was none.
    """

    clips: float = 0.1  # share of uploads
    in_use: float = 0.6  # share of a processor, at the peak
    accelerator: float = 100.0
    replicas: int = 3  # of Kafka's topics
    kafka_days: float = 7.0
    pack_days: float = 210.0
    row_days: float = 1095.0
    database_processors: int = 32  # of one PostgreSQL server


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What one upload costs: processor seconds by part, bytes by place, and the hops' seconds.

    `hops` are the seconds that only a worker's event loop can spend: what an upload costs it with
    media work stubbed out.
    """

    seconds: Mapping[str, float]
    bytes: Mapping[str, float]
    hops: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a rate needs; processors are those of the machine that was measured."""

    workers: int
    partitions: int
    decoding: float  # processors
    inference: float
    accelerators: int
    brokers: float
    databases: int
    database: float
    others: float  # intake and relay
    kafka_bytes_a_second: float
    kafka_kept: float
    rows_kept: float
    packs_kept: float


def unit_of(report: Report, plan: Plan) -> Unit:
    """The mean upload. Raises: InvalidConfiguration: the report lacks a question."""
    costs = {
        (findings.question, cost.name, cost.unit): cost
        for findings in report.findings
        for cost in findings.costs
    }
    seconds = _mixed(costs, PROCESSOR, plan.clips)
    hops = costs.get(("transport", "PostgreSQL: worker-1", f"{PROCESSOR} an upload"))
    left = _mixed(costs, BYTES, plan.clips)
    if not (seconds.keys() >= _PARTS and left.keys() >= _PLACES) or hops is None:
        raise InvalidConfiguration("ask efficiency and transport: the report lacks their costs")
    return Unit(
        seconds={name: value / 1000 for name, value in seconds.items()},
        bytes=left,
        hops=hops.value / 1000,
    )


def _mixed(costs: Mapping[tuple[str, str, str], Cost], unit: str, clips: float) -> dict[str, float]:
    shares = {f"{unit}, one of pictures": 1 - clips, f"{unit}, one of clips": clips}
    mixed: dict[str, float] = {}
    for (question, name, told), cost in costs.items():
        if question == "efficiency" and told in shares:
            mixed[name] = mixed.get(name, 0.0) + shares[told] * cost.value
    return mixed


def need_of(rate: float, unit: Unit, plan: Plan) -> Need:
    """What a steady rate of uploads a second needs."""
    busy = {name: rate * seconds / plan.in_use for name, seconds in unit.seconds.items()}
    a_day = {place: rate * size * _DAY for place, size in unit.bytes.items()}
    workers = max(1, ceil(rate * unit.hops / plan.in_use))
    return Need(
        workers=workers,
        partitions=2 * workers,
        decoding=max(0.0, busy["worker"] - rate * unit.hops / plan.in_use),
        inference=busy["Triton"],
        accelerators=ceil(busy["Triton"] / plan.accelerator),
        brokers=busy["Kafka"] * plan.replicas,
        databases=ceil(busy["PostgreSQL"] / plan.database_processors),
        database=busy["PostgreSQL"],
        others=busy["intake"] + busy["relay"],
        kafka_bytes_a_second=rate * unit.bytes["Kafka"] * plan.replicas,
        kafka_kept=a_day["Kafka"] * plan.replicas * plan.kafka_days,
        rows_kept=a_day["PostgreSQL"] * plan.row_days,
        packs_kept=a_day["media store"] * plan.pack_days,
    )


def model_of(report: Report, plan: Plan, rates: Sequence[float] = RATES) -> str:
    """The tables as Markdown. Raises: as `unit_of`."""
    unit = unit_of(report, plan)
    return "\n".join([*_told(report, plan, unit), *_table(unit, plan, rates)]) + "\n"


def _told(report: Report, plan: Plan, unit: Unit) -> Iterator[str]:
    machine = report.machine
    yield (
        f"Made by `python -m benchmarks.capacity` from what `make bench` measured at "
        f"{report.commit} on {report.began:%Y-%m-%d}: {machine.processors} processors "
        f"({machine.processor}), {machine.memory_gib:g} GiB."
    )
    yield ""
    yield (
        f"Assumed: {plan.clips:.0%} of uploads are clips of five seconds and the others pictures; "
        f"{plan.in_use:.0%} of a processor is in use at the peak; Kafka keeps {plan.kafka_days:g} "
        f"days in {plan.replicas} replicas, the media store face packs {plan.pack_days:g} days, "
        f"PostgreSQL rows {plan.row_days:g} days; a PostgreSQL server has "
        f"{plan.database_processors} processors. An accelerator is taken to infer as much as "
        f"{plan.accelerator:g} of these processors: **none was measured**, put in your own."
    )
    yield ""
    yield "| one upload, on average | processor ms | bytes |"
    yield "|---|---:|---:|"
    yield f"| the worker's event loop (all hops) | {unit.hops * 1000:.1f} | |"
    for name, seconds in unit.seconds.items():
        size = f"{unit.bytes[name]:,.0f}" if name in unit.bytes else ""
        told = "worker, with what it starts for pixels" if name == "worker" else name
        yield f"| {told} | {seconds * 1000:.1f} | {size} |"
    for place in unit.bytes.keys() - unit.seconds.keys():
        yield f"| {place} | | {unit.bytes[place]:,.0f} |"
    yield ""


def _table(unit: Unit, plan: Plan, rates: Sequence[float]) -> Iterator[str]:
    needs = [need_of(rate, unit, plan) for rate in rates]
    yield f"| uploads a second | {' | '.join(f'{rate:,}' for rate in rates)} |"
    yield f"|---|{'---:|' * len(rates)}"
    rows: dict[str, Callable[[Need], str]] = {
        "workers (processes)": lambda need: f"{need.workers:,}",
        "partitions of each topic": lambda need: f"{need.partitions:,}",
        "processors for pixels": lambda need: _few(need.decoding),
        "processors for models": lambda need: _few(need.inference),
        "or accelerators": lambda need: f"{need.accelerators:,}",
        "processors for brokers": lambda need: _few(need.brokers),
        "processors for PostgreSQL": lambda need: _few(need.database),
        "PostgreSQL servers (more than one: installations)": lambda need: f"{need.databases:,}",
        "processors for intake and relay": lambda need: _few(need.others),
        "written to brokers, MiB/s": lambda need: _few(need.kafka_bytes_a_second / 2**20),
        "kept by brokers, TiB": lambda need: _few(need.kafka_kept / _TIB),
        "kept by PostgreSQL, TiB": lambda need: _few(need.rows_kept / _TIB),
        "face packs, TiB": lambda need: _few(need.packs_kept / _TIB),
    }
    for name, told in rows.items():
        yield f"| {name} | {' | '.join(told(need) for need in needs)} |"


def _few(value: float) -> str:
    """Two digits that count, and no more: the model is not better than that."""
    return f"{float(f'{value:.2g}'):,.10g}"


def main(
    report: Annotated[Path, typer.Argument(help="What `make bench` wrote.")],
    clips: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="Share of uploads that are clips of five seconds; the others are pictures.",
        ),
    ] = Plan().clips,
    in_use: Annotated[
        float,
        typer.Option(
            min=0.01,
            max=1,
            help="Share of each processor that is in use at the peak; the rest is kept in reserve.",
        ),
    ] = Plan().in_use,
    accelerator: Annotated[
        float,
        typer.Option(min=1, help="Processors whose inference one accelerator does; put in yours."),
    ] = Plan().accelerator,
) -> None:
    """Print what rates of uploads need."""
    plan = Plan(clips=clips, in_use=in_use, accelerator=accelerator)
    try:
        told = model_of(read_report(report), plan)
    except InvalidConfiguration as error:
        # What pydantic finds fault with has a line for each field; the first says enough.
        print(str(error).splitlines()[0], file=sys.stderr)
        raise typer.Exit(2) from None
    print(told, end="")


if __name__ == "__main__":
    typer.run(main)
