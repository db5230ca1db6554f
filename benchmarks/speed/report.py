"""A run's findings as a JSON file, with the facts of the machine that they were found on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from benchmarks.machine import Machine, commit, this_machine
from benchmarks.speed.findings import Findings
from moderation.errors import InvalidConfiguration


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One run; `commit` is that of the checkout, with a `+` where files differed from it."""

    kind: Literal["speed"] = "speed"
    format: Literal[1] = 1
    began: datetime
    commit: str
    machine: Machine
    rounds: int
    scale: float
    findings: tuple[Findings, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)


_ADAPTER: TypeAdapter[Report] = TypeAdapter(Report)


def write_report(report: Report, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_ADAPTER.dump_json(report, indent=1) + b"\n")


def read_report(file: Path) -> Report:
    """Raises: InvalidConfiguration, when it is none of ours."""
    try:
        return _ADAPTER.validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        raise InvalidConfiguration(f"{file} holds no report of speed: {error}") from error


def begin_report(*, rounds: int, scale: float) -> Report:
    return Report(
        began=datetime.now(UTC).replace(microsecond=0),
        commit=commit(),
        machine=this_machine(),
        rounds=rounds,
        scale=scale,
    )
