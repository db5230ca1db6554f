"""A run's findings as a JSON file, with the facts of the machine that they were found on."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from benchmarks.speed.findings import Findings
from moderation.errors import InvalidConfiguration

_CHECKOUT = Path(__file__).parents[2]
_TOLD_OF = ("faust-streaming", "aiokafka", "asyncpg", "openvino", "av", "opencv-python-headless")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What figures may depend on besides the code; `load` is the one of the last minute."""

    processor: str
    processors: int
    memory_gib: float
    system: str
    python: str
    packages: Mapping[str, str]
    load_before: float
    load_after: float | None = None


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
        commit=_commit(),
        machine=_machine(),
        rounds=rounds,
        scale=scale,
    )


def load() -> float:
    """Processes that wanted a processor in the last minute."""
    return round(os.getloadavg()[0], 1)


def _machine() -> Machine:
    return Machine(
        processor=_processor(),
        processors=len(os.sched_getaffinity(0)),
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        system=f"{platform.system()} {platform.release()}, {platform.machine()}",
        python=platform.python_version(),
        packages=dict(_versions()),
        load_before=load(),
    )


def _processor() -> str:
    """Its own name, where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _versions() -> list[tuple[str, str]]:
    found = []
    for name in _TOLD_OF:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return found


def _commit() -> str:
    try:
        said = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
            cwd=_CHECKOUT, capture_output=True, text=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return said.stdout.strip()
