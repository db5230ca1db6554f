from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from benchmarks.capacity import Plan, Unit, main, model_of, need_of, unit_of
from benchmarks.machine import Machine
from benchmarks.speed.findings import Cost, Findings
from benchmarks.speed.report import Report, write_report
from moderation.errors import InvalidConfiguration
from runtime.settings import Retention

PARTS = ("worker", "intake", "relay", "Kafka", "Triton", "PostgreSQL")
PLAN = Plan(clips=0.5, in_use=0.5, accelerator=10, replicas=2, kafka_days=1, database_processors=4)
UNIT = Unit(
    seconds=dict.fromkeys(PARTS, 0.01) | {"worker": 0.05},
    bytes={"Kafka": 1000.0, "PostgreSQL": 2000.0, "media store": 4000.0},
    hops=0.02,
)


def a_report(*findings: Findings) -> Report:
    machine = Machine(
        processor="a processor",
        processors=2,
        memory_gib=24.0,
        system="Linux",
        python="3.11",
        packages={},
        load_before=0.1,
    )
    return Report(
        began=datetime(2026, 3, 1, tzinfo=UTC),
        commit="abc",
        machine=machine,
        rounds=1,
        scale=1.0,
        findings=findings,
    )


def costs(kind: str, milliseconds: float, size: float) -> list[Cost]:
    return [
        *(
            Cost(name=part, unit=f"processor ms, one of {kind}", values=(milliseconds,))
            for part in PARTS
        ),
        *(Cost(name=place, unit=f"bytes, one of {kind}", values=(size,)) for place in UNIT.bytes),
    ]


MEASURED = a_report(
    Findings(question="efficiency", costs=(*costs("pictures", 10, 100), *costs("clips", 30, 300))),
    Findings(
        question="transport",
        costs=(Cost(name="PostgreSQL: worker-1", unit="processor ms an upload", values=(4, 5, 9)),),
    ),
)


def test_an_upload_on_average_is_of_pictures_and_clips_by_their_shares() -> None:
    unit = unit_of(MEASURED, Plan(clips=0.25))

    assert unit.seconds["Triton"] == pytest.approx(0.015)
    assert unit.bytes["Kafka"] == pytest.approx(150)
    assert unit.hops == pytest.approx(0.005)


def test_a_rate_needs_processors_so_that_not_all_of_them_are_in_use() -> None:
    need = need_of(100, UNIT, PLAN)

    assert need.workers == 4  # 100 a second * 0.02 s / 0.5
    assert need.partitions == 8
    assert need.decoding == pytest.approx(6)  # what is left of 10 processors
    assert need.inference == pytest.approx(2)
    assert need.accelerators == 1
    assert need.brokers == pytest.approx(4)  # each of two replicas
    assert (need.database, need.databases) == (pytest.approx(2), 1)
    assert need.others == pytest.approx(4)


def test_what_is_kept_grows_with_days_and_replicas() -> None:
    need = need_of(100, UNIT, PLAN)

    assert need.kafka_bytes_a_second == 200_000
    assert need.kafka_kept == 200_000 * 86_400
    assert need.rows_kept == 200_000 * 86_400 * 1095
    assert need.packs_kept == 400_000 * 86_400 * 210


def test_a_hundred_times_the_rate_needs_a_hundred_times_as_much() -> None:
    few, many = (need_of(rate, UNIT, PLAN) for rate in (1_000, 100_000))

    assert many.workers == 100 * few.workers
    assert many.inference == pytest.approx(100 * few.inference)
    assert many.packs_kept == pytest.approx(100 * few.packs_kept)


def test_the_model_tells_what_was_measured_and_what_was_assumed() -> None:
    told = model_of(MEASURED, PLAN, rates=(100, 1_000))

    assert "measured at abc on 2026-03-01: 2 processors (a processor)" in told
    assert "50% of uploads are clips" in told
    assert "| uploads a second | 100 | 1,000 |" in told
    assert "| workers (processes) | 1 | 10 |" in told


def test_days_are_those_that_settings_have() -> None:
    kept = Retention()

    assert timedelta(days=Plan().pack_days) == kept.packs
    assert timedelta(days=Plan().row_days) == kept.verdicts


def test_a_report_without_costs_is_refused() -> None:
    with pytest.raises(InvalidConfiguration, match="ask efficiency and transport"):
        unit_of(a_report(), PLAN)


def test_costs_come_from_the_file_that_is_named(tmp_path: Path) -> None:
    write_report(MEASURED, tmp_path / "speed.json")
    done = CliRunner().invoke(command(), [str(tmp_path / "speed.json"), "--clips", "0.5"])
    assert (done.exit_code, done.stderr) == (0, "")
    assert "50% of uploads are clips" in done.stdout


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "holds no report of speed: [Errno 2]"),
        ("{}", "holds no report of speed: "),
        (a_report(), "ask efficiency and transport"),
    ],
)
def test_a_file_that_is_no_report_is_told_of_in_one_line(
    tmp_path: Path, content: str | Report | None, why: str
) -> None:
    file = tmp_path / "report.json"
    if isinstance(content, Report):
        write_report(content, file)
    elif content is not None:
        file.write_text(content)
    done = CliRunner().invoke(command(), [str(file)])
    assert (done.exit_code, done.stdout) == (2, "")
    assert why in done.stderr
    assert len(done.stderr.splitlines()) == 1


def command() -> typer.Typer:
    app = typer.Typer()
    app.command()(main)
    return app
