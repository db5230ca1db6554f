"""Chooses which frames of a video are looked at, and how each of them is reached."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from inference.reading.bursts import BURST, ONE_BURST_IN, are_close

# A video of at most this many times the budget in frames is decoded through: key frames
# alone would be too few there, and decoding through costs a few seconds.
_THROUGH_FACTOR = 8

# Where the frames stand this many times further apart on the whole than they mostly do,
# a still or a broken timestamp fills the video, and time says little about its content.
_UNEVEN = 10.0

_FEW_FRAMES = 16  # a budget below is needed for moments, and bursts are not taken
_TOO_CLOSE_SECONDS = 0.019  # between frames of a burst: mostly the same picture twice


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """When a video's frames are shown, as its packets or its index tell.

    `ticks` and `keys` (N, int64, ascending, each value once) count in units of
    `tick_seconds`; `keys` are the frames that decode without others. `origin` is the
    tick of the first picture. `counted`: the packets' own times are of no use, and the
    n-th frame that comes out of the decoder is the one of `ticks[n]`. `declared_seconds`
    is the length that the header tells, None where it tells none.
    """

    ticks: NDArray[np.int64]
    keys: NDArray[np.int64]
    tick_seconds: float
    origin: int
    counted: bool = False
    declared_seconds: float | None = None

    @property
    def span_seconds(self) -> float:
        """From the first picture to the end of the last."""
        return float(self.ticks[-1] - self.ticks[0]) * self.tick_seconds + self.usual_gap_seconds

    @property
    def usual_gap_seconds(self) -> float:
        """The distance at which most frames stand; 0 where there is but one."""
        if self.ticks.size < 2:
            return 0.0
        return float(np.median(np.diff(self.ticks))) * self.tick_seconds

    @property
    def missing_share(self) -> float:
        """The share of the declared length, 0 to 1, for which there are no frames."""
        if not self.declared_seconds or self.counted:
            return 0.0
        return max(0.0, 1.0 - self.span_seconds / self.declared_seconds)

    @property
    def is_uneven(self) -> bool:
        return self.span_seconds > _UNEVEN * self.usual_length_seconds

    @property
    def usual_length_seconds(self) -> float:
        """The length of as many frames at their usual distance."""
        return self.usual_gap_seconds * self.ticks.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A frame wanted: seek to `key`, then decode until `at`; both in ticks.

    Where they are equal the key frame itself is meant. `then` are the ticks of the
    frames that make a burst of it.
    """

    at: int
    key: int
    then: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`through`: the steps lie so near each other that every frame is decoded.

    `tolerance` (ticks): a frame that comes later than this after its step's time
    stands for another moment.
    """

    steps: tuple[Step, ...]
    through: bool
    tolerance: int

    @property
    def frames(self) -> int:
        return sum(1 + len(step.then) for step in self.steps)


def plan(timeline: Timeline, *, frames: int) -> Plan:
    """Spread at most `frames` frames over the whole video, some of them in bursts.

    In a long video a step takes the nearest key frame before its time where that is
    no further away than the next step, so that its cost does not grow with its length.
    """
    bursts = _bursts(timeline, frames)
    wanted = choose(timeline, frames=frames - bursts * (BURST - 1))
    spacing = int(np.median(np.diff(wanted))) if wanted.size > 1 else 0
    through = timeline.ticks.size <= _THROUGH_FACTOR * frames
    place = np.searchsorted(timeline.keys, wanted, side="right") - 1
    keys = np.where(place >= 0, timeline.keys[np.maximum(place, 0)], timeline.ticks[0])
    if not through:
        wanted = np.where(wanted - keys <= spacing, keys, wanted)
    steps = sorted({(int(at), int(key)) for at, key in zip(wanted, keys, strict=True)})
    return Plan(
        steps=_with_bursts([Step(at=at, key=key) for at, key in steps], timeline, bursts),
        through=through,
        tolerance=spacing,
    )


def choose(timeline: Timeline, *, frames: int) -> NDArray[np.int64]:
    """Pick at most `frames` ticks, ascending: the first frame, the last, and evenly between.

    Evenly in time, so that a change of frame rate does not draw the frames to one part;
    evenly by number where the video is uneven, so that a long still at its end does not
    hide what came before. What time leaves over (moments that share a frame) is given
    to the frames not chosen yet.
    """
    ticks = timeline.ticks
    count = min(frames, ticks.size)
    by_number = np.linspace(0, ticks.size - 1, count).round().astype(np.int64)
    if timeline.is_uneven:
        return ticks[np.unique(by_number)]
    moments = np.linspace(ticks[0], ticks[-1], count)
    chosen = np.unique(np.searchsorted(ticks, moments, side="left"))
    if chosen.size < count:
        others = np.setdiff1d(np.arange(ticks.size), chosen)
        fill = np.linspace(0, others.size - 1, count - chosen.size).round().astype(np.int64)
        chosen = np.union1d(chosen, others[fill])
    return ticks[chosen]


def _bursts(timeline: Timeline, frames: int) -> int:
    """How many bursts there are to be: none of few frames, nor where all are close or none.

    Up to twice the budget the frames that are spread over the video are close anyway.
    """
    apart = _stride(timeline) * timeline.usual_gap_seconds
    if frames < _FEW_FRAMES or timeline.ticks.size <= 2 * frames or not are_close(apart):
        return 0
    return frames // ONE_BURST_IN


def _stride(timeline: Timeline) -> int:
    """How many frames further the next frame of a burst is."""
    gap = timeline.usual_gap_seconds
    return max(1, ceil(_TOO_CLOSE_SECONDS / gap)) if gap else 1


def _with_bursts(steps: list[Step], timeline: Timeline, bursts: int) -> tuple[Step, ...]:
    """Let that many steps, evenly spread, take the frames after theirs where those are close."""
    chosen = np.linspace(0, len(steps) - 1, bursts + 2)[1:-1].round().astype(int)
    for place in chosen:
        ends = steps[place + 1].at if place + 1 < len(steps) else timeline.ticks[-1] + 1
        then = _following(steps[place].at, timeline)
        if then and then[-1] < ends:
            steps[place] = replace(steps[place], then=then)
    return tuple(steps)


def _following(at: int, timeline: Timeline) -> tuple[int, ...]:
    """The ticks that make a burst of one; none where a frame is missing or far."""
    first = int(np.searchsorted(timeline.ticks, at))
    run = timeline.ticks[first :: _stride(timeline)][:BURST]
    if run.size < BURST or not are_close(np.diff(run).max() * timeline.tick_seconds):
        return ()
    return tuple(run[1:].tolist())
