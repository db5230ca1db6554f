"""Processor time of the processes that this one started: what an upload costs, part by part."""

from __future__ import annotations

from collections.abc import Mapping

import psutil

# What the command of a part's process holds: `runtime.embedded.processes.Server` starts them.
_MARKS = {"kafka.Kafka": "Kafka", "tritonserver": "Triton", "bin/postgres": "PostgreSQL"}


def parts() -> dict[str, int]:
    """The process of each real part that runs below this one, by the part's name."""
    found: dict[str, int] = {}
    for child in psutil.Process().children():
        command = " ".join(child.cmdline())
        found |= {name: child.pid for mark, name in _MARKS.items() if mark in command}
    return found


def used_seconds(pid: int) -> float:
    """Of a process and all below it, also of those that have ended, once they were waited for."""
    try:
        process = psutil.Process(pid)
        alive = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    return sum(_own(one) for one in alive)


def _own(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


class Meter:
    """What processes use while a block lasts, by their names."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = pids
        self._begun = {name: used_seconds(pid) for name, pid in pids.items()}

    def seconds(self) -> dict[str, float]:
        return {
            name: max(0.0, used_seconds(pid) - self._begun[name])
            for name, pid in self._pids.items()
        }
