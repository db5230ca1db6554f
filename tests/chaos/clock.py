"""A wall clock that can be moved under running processes; the monotonic one is left alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_MOVABLE = Path(__file__).parent / "movable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Python processes with its environment go by it."""

    file: Path

    def move(self, seconds: int) -> None:
        """Set it off by that much from the true time; processes notice within a second."""
        partial = self.file.with_suffix(".new")
        partial.write_text(str(seconds))
        partial.replace(self.file)

    def environment(self) -> dict[str, str]:
        return {"PYTHONPATH": str(_MOVABLE), "MOVED_CLOCK": str(self.file)}


def movable_clock(folder: Path) -> Clock:
    """Make one that is right."""
    clock = Clock(file=folder / "clock")
    clock.move(0)
    return clock
