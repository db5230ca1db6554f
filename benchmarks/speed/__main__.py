"""`python -m benchmarks.speed [QUESTION …]`: measures, prints a table, writes all down."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated, TextIO

import pytest
import typer
from rich.console import Console

from benchmarks.machine import load
from benchmarks.speed.drawing import draw
from benchmarks.speed.findings import Findings
from benchmarks.speed.questions import QUESTIONS, Ask
from benchmarks.speed.report import Report, begin_report, write_report
from benchmarks.speed.rounds import Bench
from benchmarks.speed.telling import table_of
from moderation.errors import PartUnavailable
from monitoring import logs

RESULTS = Path(__file__).parents[1] / "results"
_TABLE_WIDTH = 150


def main(
    questions: Annotated[list[str] | None, typer.Argument(help=", ".join(QUESTIONS))] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Of each side.")] = 3,
    scale: Annotated[float, typer.Option(min=0.001, help="Of what a round holds.")] = 1.0,
    long: Annotated[bool, typer.Option("--long", help="Sizes that take hours.")] = False,
    json: Annotated[
        Path | None, typer.Option(help="The report; plot and table lie beside.")
    ] = None,
) -> None:
    """Measure side by side, in turn; each figure is a ratio of medians, or an exponent."""
    chosen = questions or list(QUESTIONS)
    if unknown := [name for name in chosen if name not in QUESTIONS]:
        raise typer.BadParameter(f"{unknown[0]} is none of {', '.join(QUESTIONS)}")
    name = "-".join(chosen) if questions else "speed"
    file = json or RESULTS / f"{name}.json"
    report = begin_report(rounds=rounds, scale=scale)
    with tempfile.TemporaryDirectory(prefix="veriscope-bench-") as folder, _nowhere() as lines:
        # As services do of single uploads; some of them run in this process.
        logs.configure(level="info", json=False, stream=lines)
        for question in chosen:
            bench = Bench(folder=Path(folder, question), rounds=rounds, scale=scale, long=long)
            report = _asked(report, question, QUESTIONS[question], bench)
            write_report(report, file)  # what was found stays, whatever happens to the next
    draw(report, file.with_suffix(".png"))
    with file.with_suffix(".txt").open("w") as text:
        Console(file=text, width=_TABLE_WIDTH).print(table_of(report))
    Console().print(table_of(report))
    print(f"{file}, and .png and .txt beside it")


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w")


def _asked(report: Report, question: str, ask: Ask, bench: Bench) -> Report:
    """The report with what a question found, or with why it could not be asked."""
    print(f"{question} …", flush=True)
    began = time.monotonic()
    try:
        findings = asyncio.run(_found(ask, bench))
    except (PartUnavailable, pytest.skip.Exception) as missing:
        print(f"  left out: {missing}", flush=True)
        return replace(report, left_out={**report.left_out, question: str(missing)})
    findings = replace(findings, seconds=round(time.monotonic() - began, 1))
    machine = replace(report.machine, load_after=load())
    return replace(report, findings=(*report.findings, findings), machine=machine)


async def _found(ask: Ask, bench: Bench) -> Findings:
    """Ask; who is told to end ends the processes that were started first."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    bench.folder.mkdir()
    return await ask(bench)


if __name__ == "__main__":
    typer.run(main)
