"""A contact sheet: every kind at every strength, on one picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from benchmarks.distortions.clip import Clip, Picture, Strength
from benchmarks.distortions.registry import DISTORTIONS, Distortion, Kind
from moderation.tracks import Face

_CELL = 190  # pixels, each side
_LABEL = 190  # pixels, the column of names
_COLUMNS = 2
_FRAMES, _RATE = 25, 25.0  # of the moving clip that shows what happens in time
_SLIT = 8  # rows a frame
_INK, _PAPER = (30, 30, 30), (255, 255, 255)


def sheet(picture: Picture, faces: Sequence[Face], *, seed: int = 0) -> Picture:
    """One row for each kind: its name, the original, and its strengths (H W 3, uint8, RGB).

    What happens in time is shown as a slit: the middle row of each frame of a clip that
    pans over the picture, the first frame on top.
    """
    still = _close_up(Clip.still(picture, faces))
    panned = _panned(picture)
    rows = [
        _row(name, kind, panned if kind.in_time else still, seed)
        for name, kind in DISTORTIONS.items()
    ]
    longest = -(-len(rows) // _COLUMNS)
    blocks = [rows[start : start + longest] for start in range(0, len(rows), longest)]
    for block in blocks:
        block.extend([np.full_like(rows[0], 255)] * (longest - len(block)))
    return np.hstack([np.vstack([_head(), *block]) for block in blocks])


def _row(name: str, kind: Kind, clip: Clip, seed: int) -> Picture:
    cells = [_label(name, kind.family), _cell(clip, kind)]
    for strength in Strength:
        if strength not in kind.strengths:
            cells.append(_blank(_CELL, _CELL))
            continue
        distorted = Distortion(kind=name, strength=strength, seed=seed).apply(clip)
        cells.append(_cell(distorted, kind))
    return np.hstack(cells)


def _cell(clip: Clip, kind: Kind) -> Picture:
    """The first frame, or the slit, fitted into a square.

    Enlarged by repeating pixels, so that a loss of resolution shows.
    """
    seen = _slit(clip) if kind.in_time else clip.frames[0]
    height, width = seen.shape[:2]
    share = (_CELL - 6) / max(height, width)
    size = (max(round(width * share), 1), max(round(height * share), 1))
    smooth = cv2.INTER_AREA if share < 1 else cv2.INTER_NEAREST
    cell = _blank(_CELL, _CELL)
    left, top = (_CELL - size[0]) // 2, (_CELL - size[1]) // 2
    cell[top : top + size[1], left : left + size[0]] = cv2.resize(seen, size, interpolation=smooth)
    return cell


def _slit(clip: Clip) -> Picture:
    """A row of each frame, the higher the longer the frame is shown."""
    height, width = clip.size
    middle = np.stack([frame[height // 2] for frame in clip.frames])
    shown_long = round(_SLIT * len(clip.frames) * _RATE / clip.frames_per_second)
    return np.asarray(cv2.resize(middle, (width, shown_long), interpolation=cv2.INTER_NEAREST))


def _close_up(still: Clip) -> Clip:
    """The surroundings of the best face, or all of the picture when there is none."""
    faces = (still.faces or [()])[0]
    if not faces:
        return still
    (height, width), (left, top, right, bottom) = still.size, faces[0].box_xyxy
    x, y, reach = (left + right) / 2, (top + bottom) / 2, 1.3 * max(right - left, bottom - top)
    west, north = max(round(x - reach), 0), max(round(y - reach), 0)
    east, south = min(round(x + reach), width), min(round(y + reach), height)
    where = np.array([[1, 0, -west], [0, 1, -north]], np.float64)
    return still.moved(lambda frame: np.ascontiguousarray(frame[north:south, west:east]), where)


def _panned(picture: Picture) -> Clip:
    step = max(picture.shape[1] // (2 * _FRAMES), 1)
    width = picture.shape[1] - step * _FRAMES
    frames = [picture[:, step * at : step * at + width] for at in range(_FRAMES)]
    return Clip(frames=frames, frames_per_second=_RATE)


def _head() -> Picture:
    cells = [_blank(32, _LABEL)]
    for words in ("original", *Strength):
        cell = _blank(32, _CELL)
        _write(cell, words, (8, 22))
        cells.append(cell)
    return np.hstack(cells)


def _label(name: str, family: str) -> Picture:
    cell = _blank(_CELL, _LABEL)
    _write(cell, name, (8, _CELL // 2))
    _write(cell, f"({family})", (8, _CELL // 2 + 22))
    return cell


def _write(cell: Picture, words: str, at: tuple[int, int]) -> None:
    cv2.putText(cell, words, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, _INK, 1, cv2.LINE_AA)


def _blank(height: int, width: int) -> Picture:
    return np.full((height, width, 3), _PAPER, np.uint8)
