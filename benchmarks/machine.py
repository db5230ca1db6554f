"""What figures may depend on besides the code, and of which code they are."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_CHECKOUT = Path(__file__).parents[1]
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


def told(*, of: str) -> str:
    """A line for a results file; `of` is the commit at which what it tells began."""
    machine = this_machine()
    return (
        f"commit {of}, {datetime.now(UTC):%Y-%m-%d}, {machine.processors} processors "
        f"({machine.processor}), {machine.memory_gib:g} GiB, "
        f"load {machine.load_before:g}"
    )


def load() -> float:
    """Processes that wanted a processor in the last minute."""
    return round(os.getloadavg()[0], 1)


def this_machine() -> Machine:
    """As it is now; `load_after` is for who is done to tell."""
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


def commit() -> str:
    """Of the checkout, with a `+` where files differ from it; "unknown" where there is none."""
    try:
        said = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
            cwd=_CHECKOUT, capture_output=True, text=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return said.stdout.strip()
