"""A wall clock that can be moved under running processes, where libfaketime is installed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Processes with its environment go by it; the monotonic clock is left alone.

    It is for processes that start no others: a child that was forked under libfaketime
    while other threads ran has been seen to wait for ever, and its parent with it.
    """

    library: Path
    file: Path

    def move(self, seconds: int) -> None:
        """Set it off by that much from the true time; processes notice within a second."""
        partial = self.file.with_suffix(".new")
        partial.write_text(f"{seconds:+d}\n")
        partial.replace(self.file)

    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(self.library),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DISABLE_SHM": "1",
            "NO_FAKE_STAT": "1",
        }


def movable_clock(folder: Path) -> Clock | None:
    """Describe one that is right; None where the library is missing."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        return None
    clock = Clock(library=found[0], file=folder / "clock")
    clock.move(0)
    return clock
