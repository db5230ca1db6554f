"""What a burst is: a few frames so close together that what changes between them is telling."""

from __future__ import annotations

from collections.abc import Sequence

# Three frames: of two nobody can tell a tremor from a movement.
BURST = 3
# Every fifth frame of a budget, and every fifth crop kept, begins a burst, so that most moments
# have one frame: over 30 clips of about 8 s the mean logit of 16 crops then errs by 0.26 where 16
# crops of their own moments err by 0.20 and clips differ by 1.5.
ONE_BURST_IN = 5

_CLOSE_SECONDS = 0.1  # how far apart neighbours in a burst may be
_ROUNDING_SECONDS = 1e-3  # containers count in milliseconds


def are_close(seconds_apart: float) -> bool:
    """Whether two frames may be neighbours in a burst; a tenth of a second, however it rounds."""
    return seconds_apart <= _CLOSE_SECONDS + _ROUNDING_SECONDS


def runs(at_seconds: Sequence[float]) -> list[range]:
    """Cut times in their order into runs of close ones, each of at most a burst's length."""
    found: list[range] = []
    for place, at in enumerate(at_seconds):
        near = place > 0 and are_close(at - at_seconds[place - 1])
        if near and len(found[-1]) < BURST:
            found[-1] = range(found[-1].start, place + 1)
            continue
        found.append(range(place, place + 1))
    return found
