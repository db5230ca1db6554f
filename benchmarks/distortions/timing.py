"""Distortions in time: slow and fast motion, fewer frames a second, frames that are lost.

A single frame stays as it is.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from benchmarks.distortions.clip import Clip, Picture, Strength


def slow_motion(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """Slower by 1.5, 2 or 4: frames between the old ones are blends of their neighbours."""
    last = len(clip.frames) - 1
    count = round(last * strength.pick(1.5, 2, 4)) + 1
    moments = np.linspace(0, last, count)
    slower = clip.chosen([round(float(moment)) for moment in moments])
    return slower.repainted([_blend(clip, float(moment)) for moment in moments])


def fast_motion(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """Faster by 1.5, 2 or 4: frames are left out, the rest is shown at the old pace."""
    return clip.chosen(_every(clip, strength.pick(1.5, 2, 4)))


def low_frame_rate(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """A half, a third or a sixth of the frames, each shown for as much longer."""
    step = strength.pick(2, 3, 6)
    thinned = clip.chosen(_every(clip, step))
    return replace(thinned, frames_per_second=clip.frames_per_second / step)


def lost_frames(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """10, 30 or 60% of the frames are lost; the last one that came is shown instead."""
    lost = rng.random(len(clip.frames)) < strength.pick(0.1, 0.3, 0.6)
    lost[0] = False
    came = np.maximum.accumulate(np.where(lost, 0, np.arange(len(lost))))
    return clip.chosen(came.tolist())


def _every(clip: Clip, step: float) -> list[int]:
    return [int(at) for at in np.arange(0, len(clip.frames), step)]


def _blend(clip: Clip, moment: float) -> Picture:
    before = int(moment)
    after = min(before + 1, len(clip.frames) - 1)
    share = moment - before
    blended = cv2.addWeighted(clip.frames[before], 1 - share, clip.frames[after], share, 0)
    return np.asarray(blended, np.uint8)
