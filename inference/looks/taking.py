"""Takes the looks of a media while its frames pass by on their way to the faces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from inference.looks.pdq import pdq
from inference.reading.frames import Frame
from moderation.looks import MOST_LOOKS, Look, unlike


class LookTaker:
    """Looks at the first frame of each shot that there is enough to see in.

    The first shots that differ are kept, MOST_LOOKS at most: copies of a video agree on
    them however much longer one is. `begins_shot` is asked once a frame (H W 3, uint8, RGB).
    """

    def __init__(self, begins_shot: Callable[[NDArray[np.uint8]], bool]) -> None:
        self._begins_shot = begins_shot
        self._waiting = True
        self._looks: list[Look] = []

    @property
    def looks(self) -> tuple[Look, ...]:
        return tuple(self._looks)

    def watch(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Hand on every frame, looked at."""
        for frame in frames:
            if len(self._looks) < MOST_LOOKS:
                self._see(frame)
            yield frame

    def _see(self, frame: Frame) -> None:
        if self._begins_shot(frame.pixels):
            self._waiting = True
        if not self._waiting:
            return
        bits, quality = pdq(frame.pixels)
        look = Look(pdq=bits.hex(), quality=quality, at_seconds=max(0.0, frame.at_seconds))
        if not look.comparable:  # black, as where a video fades in: the next frame may do
            return
        self._waiting = False
        if unlike(look, self._looks):
            self._looks.append(look)
